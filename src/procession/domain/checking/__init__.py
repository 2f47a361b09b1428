"""What is wrong with a template before anybody launches it. Spec: behaviour-automations 12.2."""
