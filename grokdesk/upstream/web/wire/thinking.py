"""Reasoning text with the agent's name where it changes and a new line for each step."""

LEAD_AGENT = "Grok"


class Thinking:
    """Upstream sends steps of several agents interleaved; a step has no line end of its own."""

    def __init__(self) -> None:
        self._agent = LEAD_AGENT
        self._step: object = None
        self._at_line_start = True

    def add(self, text: str, agent: str = "", step: object = None) -> str:
        """What to show for the piece; `step` is any value that names the step."""
        heading = ""
        if agent and agent != self._agent:
            self._agent = agent
            heading = f"[{agent}]\n"
        is_new = bool(heading) or step != self._step
        line_end = "\n" if is_new and not self._at_line_start else ""
        self._step = step
        self._at_line_start = text.endswith("\n")
        return f"{line_end}{heading}{text}"
