"""Deadlines that hang on other steps, as the specification tells them. Spec: behaviour-launching L-9.13 to L-9.16."""

from collections.abc import Iterator, Mapping

from tests.stateful.parts import DUE, HOUR, Action, Task


class Deadlines:
    """Those of the tasks of one process, at `now`."""

    now: int
    tasks: Mapping[str, Task]
    # Rules that have moved a task's own deadline.
    shifted: set[tuple[int, str]]

    def hanging_on(self, step: str) -> Iterator[tuple[Task, str, int]]:
        """Tasks whose deadline moves with the step's: open ones whose deadline no rule has set."""
        for name, (option, anchor, hours) in DUE.items():
            task = self.tasks[name]
            if anchor == step and not task.is_done and not task.is_due_by_rule:
                yield task, option, hours * HOUR

    def count_from(self, step: str) -> None:
        """Count anew what counts from the step's deadline, and so on; what waits for a completion, for the time being."""
        anchor = self.tasks[step]
        for task, option, span in self.hanging_on(step):
            task.due = anchor.due + (span if option == "from" else -span)
            task.is_held = option == "from" or anchor.is_held
            self.count_from(task.step)

    def release(self, step: str) -> None:
        """The step is done. What counts back from its deadline, and waited with it, has nothing left to wait for."""
        for task, option, span in self.hanging_on(step):
            if option == "from":
                task.due = self.now + span
            task.is_held = False
            self.count_from(task.step)

    def hold_again(self, task: Task) -> None:
        """The task is open again. It waits itself when its deadline does; what hangs on it keeps its last deadline."""
        option, step, hours = DUE.get(task.step, ("", "", 0))
        if option and not task.is_due_by_rule:
            anchor = self.tasks[step]
            if not anchor.is_done and (option == "from" or anchor.is_held):
                task.is_held = True
            elif anchor.is_done and option == "from" and task.is_held:
                task.due, task.is_held = anchor.done_at + hours * HOUR, False
        for other, option, _ in self.hanging_on(task.step):
            if option == "from" or task.is_held:
                other.is_held = True
                self._hold_what_counts_back(other.step)

    def _hold_what_counts_back(self, step: str) -> None:
        for task, option, _ in self.hanging_on(step):
            if option == "prior_to":
                task.is_held = True
                self._hold_what_counts_back(task.step)

    def set_due(self, place: int, action: Action) -> None:
        """Spec: behaviour-automations A-4.40 to A-4.44, A-4.46."""
        task = self.tasks[action.step]
        if action.anchor is None and (place, task.step) in self.shifted:
            return
        anchor = self.tasks[action.anchor] if action.anchor else task
        if anchor is not task and anchor.is_held:
            return
        if anchor is task:
            self.shifted.add((place, task.step))
        before = (task.due, task.is_held and not task.is_hidden)
        task.due, task.is_held, task.is_due_by_rule = anchor.due + action.hours * HOUR, False, True
        if before != (task.due, False):
            self.count_from(task.step)
