"""Calculated fields: a small language of expressions over the answers of a process. Spec: behaviour-templates 11.8."""
