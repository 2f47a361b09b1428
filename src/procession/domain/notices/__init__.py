"""Who is told what by mail, read off the event log: one mail for each person and operation.

`operations` puts events together, `happenings` says what there is to tell of an operation and to whom, `telling` what
each person is told of that, `wording` how it is put. Spec: behaviour-people 10.2 to 10.4.
"""
