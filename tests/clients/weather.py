"""The tool that the libraries are tried with."""

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
OSLO = '!call get_weather {"city": "Oslo"}'
RESULT = "minus 4 degrees"
