"""The service's own answers on the wire. Spec: api-content 13."""

import msgspec


class Health(msgspec.Struct):
    status: str
