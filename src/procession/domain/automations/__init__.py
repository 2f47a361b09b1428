"""The if-then engine: what rules say, when they are looked at, and what they do. Spec: behaviour-automations.

`rules` what a rule is, `reading` which are accepted, `conditions` and `comparing` when one holds, `people` and
`actions` what it does to a task, `reacting` the order of it all, `undoing` what re-opening a step takes back.
"""
