"""What becomes of a running process that moves to a newer version of its template. Spec: behaviour-templates 10.1."""
