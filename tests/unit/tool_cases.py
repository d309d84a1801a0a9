"""What models write when they call tools, or seem to: the answer, its text and its calls.

A call is (name, arguments); arguments are an object, or the text that a custom tool takes.
"""

from typing import NamedTuple

from grokdesk.domain.tools import Tool, ToolKind

TOOLS = (
    Tool(
        "get_weather",
        "The weather in a city.",
        '{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}',
    ),
    Tool("search", "Search.", '{"type":"object","properties":{"q":{"type":["string","null"]}}}'),
    Tool("write_file", "Write.", '{"type":"object","properties":{"content":{"type":"string"}}}'),
    Tool("list_files"),
    Tool("Read"),
    Tool("mcp.files/open"),
    Tool("twin"),
    Tool("TWIN"),
    Tool("apply_patch", "Apply a patch.", kind=ToolKind.CUSTOM),
)


class Case(NamedTuple):
    name: str
    answer: str
    text: str
    calls: tuple[tuple[str, object], ...] = ()


def called(name, answer, *calls, text=""):
    return Case(name, answer, text, calls)


def untouched(name, answer):
    return Case(name, answer, answer)


TO_OSLO = ("get_weather", {"city": "Oslo"})
TO_ROME = ("get_weather", {"city": "Rome"})
LISTED = ("list_files", {})
IN_OSLO = '{"city":"Oslo"}'
NAMED = "<tool_name>get_weather</tool_name>"
JSON_OSLO = '{"name":"get_weather","arguments":{"city":"Oslo"}}'
JSON_ROME = '{"name":"get_weather","arguments":{"city":"Rome"}}'


def element(name="get_weather", parameters=IN_OSLO):
    return (
        f"<tool_call><tool_name>{name}</tool_name><parameters>{parameters}</parameters></tool_call>"
    )


def root(*elements):
    return f"<tool_calls>{''.join(elements)}</tool_calls>"


def hermes(body=JSON_OSLO):
    return f"<tool_call>{body}</tool_call>"


def invoke(body=IN_OSLO, name="get_weather"):
    return f'<invoke name="{name}">{body}</invoke>'


def parameter(name, value):
    return f'<parameter name="{name}">{value}</parameter>'


def fenced(body, info=""):
    return f"```{info}\n{body}\n```"


def within(space, markup):
    """The same tags in a namespace."""
    return markup.replace("<", f"<{space}:").replace(f"<{space}:/", f"</{space}:")


ROME = element(parameters='{"city":"Rome"}')
BAD = element(parameters='{"city":}')
UNKNOWN = element("rm_rf", '{"path":"/"}')

ROOT_FORM = [
    called("one call in a root", root(element()), TO_OSLO),
    called("two calls in a root", root(element(), ROME), TO_OSLO, TO_ROME),
    called(
        "as asked for, on lines of its own",
        "<tool_calls>\n<tool_call>\n<tool_name>get_weather</tool_name>\n"
        '<parameters>{"city": "Oslo"}</parameters>\n</tool_call>\n</tool_calls>\n',
        TO_OSLO,
    ),
    called(
        "indented",
        "  <tool_calls>\n    <tool_call>\n\t<tool_name> get_weather </tool_name>\n"
        '        <parameters>\n{"city": "Oslo"}\n</parameters>\n    </tool_call>\n  </tool_calls>',
        TO_OSLO,
    ),
    called(
        "capital letters",
        f"<TOOL_CALLS><TOOL_CALL><TOOL_NAME>get_weather</TOOL_NAME><PARAMETERS>{IN_OSLO}"
        "</PARAMETERS></TOOL_CALL></TOOL_CALLS>",
        TO_OSLO,
    ),
    called("mixed letters", f"<Tool_Calls>{element()}</tool_CALLS>", TO_OSLO),
    called(
        "spaces in the tags",
        "< tool_calls >< tool_call ><tool_name >get_weather</ tool_name><parameters\n>"
        f"{IN_OSLO}< /parameters ></tool_call ></ tool_calls>",
        TO_OSLO,
    ),
    called(
        "attributes on every tag",
        '<tool_calls n="1"><tool_call id="call_1" type="function"><tool_name lang="en">get_weather'
        f'</tool_name><parameters type="json">{IN_OSLO}</parameters></tool_call></tool_calls>',
        TO_OSLO,
    ),
    called(
        "the name as attribute", f'<tool_call name="get_weather">{IN_OSLO}</tool_call>', TO_OSLO
    ),
    called("in single quotes", f"<tool_call name='get_weather'>{IN_OSLO}</tool_call>", TO_OSLO),
    called("without quotes", f"<tool_call name=get_weather>{IN_OSLO}</tool_call>", TO_OSLO),
    called(
        "the name as attribute, and parameters",
        f'<tool_call name="get_weather"><parameters>{IN_OSLO}</parameters></tool_call>',
        TO_OSLO,
    ),
    called("a call without a root", element(), TO_OSLO),
    called("two calls without a root", element() + "\n" + ROME, TO_OSLO, TO_ROME),
    called("a root in a root", root(root(element())), TO_OSLO),
    called("a root that opens twice", "<tool_calls>" + root(element()), TO_OSLO),
    called("a root that closes twice", root(element()) + "</tool_calls>", TO_OSLO),
    called("two roots", root(element()) + "\n\n" + root(ROME), TO_OSLO, TO_ROME),
    called("a root that never closes", "<tool_calls>" + element(), TO_OSLO),
    called("a root that never opens", element() + "</tool_calls>", TO_OSLO),
    called("a call in a call", f"<tool_call>{element()}</tool_call>", TO_OSLO),
    called("a call in a call that never closes", "<tool_call>" + element(), TO_OSLO),
    called("the other root", f"<function_calls>{element()}</function_calls>", TO_OSLO),
    called(
        "parameters before the name",
        f"<tool_call><parameters>{IN_OSLO}</parameters>{NAMED}</tool_call>",
        TO_OSLO,
    ),
    called("no parameters", "<tool_call><tool_name>list_files</tool_name></tool_call>", LISTED),
    called("empty parameters", element("list_files", ""), LISTED),
    called("parameters of white space", element("list_files", " \n "), LISTED),
    called(
        "parameters that are an empty tag",
        "<tool_call><tool_name>list_files</tool_name><parameters/></tool_call>",
        LISTED,
    ),
    called("null parameters", element("list_files", "null"), LISTED),
    called("an empty object", element("list_files", "{}"), LISTED),
    called("an empty call with a name", '<tool_call name="list_files"/>', LISTED),
    called(
        "parameters twice: the first count",
        f'<tool_call>{NAMED}<parameters>{IN_OSLO}</parameters><parameters>{{"city":"Rome"}}'
        "</parameters></tool_call>",
        TO_OSLO,
    ),
    called(
        "a name twice: the first counts",
        f"<tool_call>{NAMED}<tool_name>search</tool_name>{IN_OSLO}</tool_call>",
        TO_OSLO,
    ),
    called(
        "a call that is not closed before the next",
        f"<tool_call>{NAMED}<parameters>{IN_OSLO}</parameters>{ROME}",
        TO_OSLO,
        TO_ROME,
    ),
    called(
        "a call that the end of the root closes",
        f"<tool_calls><tool_call>{NAMED}<parameters>{IN_OSLO}</parameters></tool_calls>",
        TO_OSLO,
    ),
    called(
        "parameters that the end of the call closes",
        f"<tool_call>{NAMED}<parameters>{IN_OSLO}</tool_call>",
        TO_OSLO,
    ),
    called(
        "other end tags than the first",
        f"<tool_call>{NAMED}<parameters>{IN_OSLO}</arguments></function_call>",
        TO_OSLO,
    ),
    called(
        "arguments for parameters",
        f"<tool_call><name>get_weather</name><arguments>{IN_OSLO}</arguments></tool_call>",
        TO_OSLO,
    ),
    called(
        "input for parameters", f"<tool_call>{NAMED}<input>{IN_OSLO}</input></tool_call>", TO_OSLO
    ),
    called("JSON beside the name", f"<tool_call>{NAMED}{IN_OSLO}</tool_call>", TO_OSLO),
    called("a namespace of tags", within("xai", root(element())), TO_OSLO),
    called(
        "elements for parameters",
        element(parameters="<city>Oslo</city><days>3</days>"),
        ("get_weather", {"city": "Oslo", "days": 3}),
    ),
    called(
        "elements on lines of their own",
        element(parameters="\n<city>\nOslo\n</city>\n<days>3</days>\n"),
        ("get_weather", {"city": "Oslo", "days": 3}),
    ),
    called(
        "an element called name",
        element(parameters="<name>Ann</name>"),
        ("get_weather", {"name": "Ann"}),
    ),
    called(
        "an element with markup in it",
        element("write_file", "<content><b>x</b></content>"),
        ("write_file", {"content": "<b>x</b>"}),
    ),
    called("an empty element", element(parameters="<city/>"), ("get_weather", {"city": ""})),
    called(
        "a name with entities",
        root("<tool_call><tool_name>get&#95;weather</tool_name></tool_call>"),
        ("get_weather", {}),
    ),
]

FUNCTION_CALL_FORM = [
    called(
        "function_call with name and arguments",
        f"<function_call><name>get_weather</name><arguments>{IN_OSLO}</arguments></function_call>",
        TO_OSLO,
    ),
    called("function_call with JSON", f"<function_call>{JSON_OSLO}</function_call>", TO_OSLO),
    called(
        "function_call with a name attribute",
        f'<function_call name="get_weather">{IN_OSLO}</function_call>',
        TO_OSLO,
    ),
    called(
        "the native form of Grok",
        f'<xai:function_call name="get_weather">{parameter("city", "Oslo")}</xai:function_call>',
        TO_OSLO,
    ),
    called(
        "function_call with JSON text for arguments",
        r'<function_call><name>get_weather</name><arguments>"{\"city\":\"Oslo\"}"</arguments>'
        "</function_call>",
        TO_OSLO,
    ),
    called(
        "two function_calls",
        f"<function_call>{JSON_OSLO}</function_call> <function_call><name>search</name>"
        '<arguments>{"q":"x"}</arguments></function_call>',
        TO_OSLO,
        ("search", {"q": "x"}),
    ),
]

INVOKE_FORM = [
    called("invoke with JSON", invoke(), TO_OSLO),
    called("invoke with a parameter", invoke(parameter("city", "Oslo")), TO_OSLO),
    called(
        "invoke in its root",
        f"<function_calls>\n{invoke(parameter('city', 'Oslo'))}\n</function_calls>",
        TO_OSLO,
    ),
    called(
        "invoke with a namespace",
        within("antml", f"<function_calls>{invoke(parameter('city', 'Oslo'))}</function_calls>"),
        TO_OSLO,
    ),
    called("invoke in the first root", root(invoke(), invoke('{"city":"Rome"}')), TO_OSLO, TO_ROME),
    called("invoke in a call", f"<tool_call>{invoke()}</tool_call>", TO_OSLO),
    called("invoke without anything", '<invoke name="list_files"></invoke>', LISTED),
    called("invoke as an empty tag", '<invoke name="list_files"/>', LISTED),
    called("invoke as an empty tag with space", "<invoke name='list_files' />", LISTED),
    called("invoke with parameters", invoke(f"<parameters>{IN_OSLO}</parameters>"), TO_OSLO),
    called(
        "the schema says that it is a number",
        invoke(parameter("city", "5") + parameter("days", "5")),
        ("get_weather", {"city": "5", "days": 5}),
    ),
    called(
        "the schema says nothing: what reads as JSON is JSON",
        invoke(
            parameter("a", "[1, 2]") + parameter("b", "true") + parameter("c", "plain"),
            "list_files",
        ),
        ("list_files", {"a": [1, 2], "b": True, "c": "plain"}),
    ),
    called(
        "a value on lines of its own",
        invoke(parameter("content", "\none\n  two\n"), "write_file"),
        ("write_file", {"content": "one\n  two"}),
    ),
    called(
        "a value whose last break is its own",
        invoke(parameter("content", "one\ntwo\n"), "write_file"),
        ("write_file", {"content": "one\ntwo\n"}),
    ),
    called(
        "a value with tags",
        invoke(parameter("content", "<a href='x'>1 & 2</a> </invoke"), "write_file"),
        ("write_file", {"content": "<a href='x'>1 & 2</a> </invoke"}),
    ),
    called(
        "a value with the closing tag in it",
        invoke(parameter("content", "say </parameter> twice"), "write_file"),
        ("write_file", {"content": "say </parameter> twice"}),
    ),
    called(
        "a value that is escaped all through",
        invoke(parameter("content", "cd a &amp;&amp; ls &lt;b&gt;"), "write_file"),
        ("write_file", {"content": "cd a && ls <b>"}),
    ),
    called(
        "a value with entities that are meant",
        invoke(parameter("content", "<p>a &lt; b</p>"), "write_file"),
        ("write_file", {"content": "<p>a &lt; b</p>"}),
    ),
    called(
        "a parameter twice: the first counts",
        invoke(parameter("city", "Oslo") + parameter("city", "Rome")),
        TO_OSLO,
    ),
    called("an empty parameter", invoke('<parameter name="city"/>'), ("get_weather", {"city": ""})),
    called(
        "parameters on lines, indented",
        invoke(f"\n  {parameter('city', 'Oslo')}\n  {parameter('days', '2')}\n"),
        ("get_weather", {"city": "Oslo", "days": 2}),
    ),
    called("text before invoke", f"Well.\n{invoke()}", TO_OSLO, text="Well."),
    untouched("invoke without a name", f"<invoke>{IN_OSLO}</invoke>"),
    untouched("a parameter without a name", invoke("<parameter>Oslo</parameter>")),
    untouched("invoke with words", invoke("the weather in Oslo")),
]

HERMES_FORM = [
    called("Hermes", hermes(), TO_OSLO),
    called("Hermes on lines", f"<tool_call>\n{JSON_OSLO}\n</tool_call>", TO_OSLO),
    called("Hermes twice", hermes() + "\n" + hermes(JSON_ROME), TO_OSLO, TO_ROME),
    called("Hermes in a root", root(hermes(), hermes(JSON_ROME)), TO_OSLO, TO_ROME),
    called("Hermes in a fence in the tag", hermes("\n" + fenced(JSON_OSLO, "json")), TO_OSLO),
    called("two objects in one tag", hermes(JSON_OSLO + "\n" + JSON_ROME), TO_OSLO, TO_ROME),
    called("an array in the tag", hermes(f"[{JSON_OSLO},{JSON_ROME}]"), TO_OSLO, TO_ROME),
    called("JSON of calls in the tag", hermes(f'{{"tool_calls":[{JSON_OSLO}]}}'), TO_OSLO),
    called("Hermes that never closes", "<tool_call>" + JSON_OSLO, TO_OSLO),
    called(
        "Hermes that the next one closes", f"<tool_call>{JSON_OSLO}\n{hermes()}", TO_OSLO, TO_OSLO
    ),
    called("Hermes without arguments", hermes('{"name":"list_files"}'), LISTED),
    called("Hermes with null", hermes('{"name":"list_files","arguments":null}'), LISTED),
    called(
        "arguments before the name",
        hermes('{"arguments":{"city":"Oslo"},"name":"get_weather"}'),
        TO_OSLO,
    ),
    called(
        "tool_name and parameters",
        hermes('{"tool_name":"get_weather","parameters":{"city":"Oslo"}}'),
        TO_OSLO,
    ),
    called("name and input", hermes('{"name":"get_weather","input":{"city":"Oslo"}}'), TO_OSLO),
    called(
        "an inner function",
        hermes(
            '{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}'
        ),
        TO_OSLO,
    ),
    called(
        "a function that is a name",
        hermes('{"function":"get_weather","arguments":{"city":"Oslo"}}'),
        TO_OSLO,
    ),
    called(
        "arguments as text",
        hermes('{"name":"get_weather","arguments":"{\\"city\\": \\"Oslo\\"}"}'),
        TO_OSLO,
    ),
    called("arguments as empty text", hermes('{"name":"list_files","arguments":""}'), LISTED),
    called("one bracket too many", hermes(JSON_OSLO + "}"), TO_OSLO),
    called("one bracket too few", hermes(JSON_OSLO[:-1]), TO_OSLO),
    called("two brackets too few", hermes(JSON_OSLO[:-2]), TO_OSLO),
    called(
        "a comma at the end",
        hermes('{"name":"get_weather","arguments":{"city":"Oslo",},}'),
        TO_OSLO,
    ),
    called("a comma behind", hermes(JSON_OSLO + ","), TO_OSLO),
    called("a bare function_call object", hermes(f'{{"function_call":{JSON_OSLO}}}'), TO_OSLO),
    untouched("Hermes with no name", hermes('{"arguments":{"city":"Oslo"}}')),
    untouched("Hermes with a number for a name", hermes('{"name":5,"arguments":{}}')),
    untouched("Hermes with words", hermes("get_weather for Oslo")),
    untouched("Hermes with words after the JSON", hermes(JSON_OSLO + " now")),
    untouched("arguments that are a list", hermes('{"name":"get_weather","arguments":["Oslo"]}')),
    untouched("arguments that are a number", hermes('{"name":"get_weather","arguments":5}')),
    untouched("arguments that are words", hermes('{"name":"get_weather","arguments":"Oslo"}')),
    untouched("one of two is unknown", hermes(f'[{JSON_OSLO},{{"name":"nope","arguments":{{}}}}]')),
]

JSON_FORM = [
    called("a JSON object with tool_calls", f'{{"tool_calls":[{JSON_OSLO}]}}', TO_OSLO),
    called("with two calls", f'{{"tool_calls": [{JSON_OSLO}, {JSON_ROME}]}}', TO_OSLO, TO_ROME),
    called("over many lines", f'\n{{\n  "tool_calls": [\n    {JSON_OSLO}\n  ]\n}}\n', TO_OSLO),
    called(
        "as OpenAI writes it",
        '{"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]}',
        TO_OSLO,
    ),
    called("a bare array", f"[{JSON_OSLO},{JSON_ROME}]", TO_OSLO, TO_ROME),
    called("a bare array with space", f"[ \n {JSON_OSLO} \n]", TO_OSLO),
    called("one bare object", JSON_OSLO, TO_OSLO),
    called("objects on lines", f"{JSON_OSLO}\n{JSON_ROME}", TO_OSLO, TO_ROME),
    called("a bare object in a fence", fenced(JSON_OSLO, "json"), TO_OSLO),
    called("a bare object in a fence without a word", fenced(JSON_OSLO), TO_OSLO),
    called("a fence on one line", f"```json {JSON_OSLO} ```", TO_OSLO),
    called("an array in a fence", fenced(f"[{JSON_OSLO},{JSON_ROME}]", "json"), TO_OSLO, TO_ROME),
    called(
        "text before a fence", f"I look.\n\n{fenced(JSON_OSLO, 'json')}", TO_OSLO, text="I look."
    ),
    called(
        "text before and behind",
        f"I look.\n{fenced(JSON_OSLO, 'json')}\nDone.",
        TO_OSLO,
        text="I look.\nDone.",
    ),
    called(
        "two fences", fenced(JSON_OSLO, "json") + "\n" + fenced(JSON_ROME, "json"), TO_OSLO, TO_ROME
    ),
    called("a longer fence", f"````json\n{JSON_OSLO}\n````", TO_OSLO),
    called("a fence that never closes", f"```json\n{JSON_OSLO}", TO_OSLO),
    called(
        "a fence that the text indents",
        f"1. Call:\n   ```json\n   {JSON_OSLO}\n   ```",
        TO_OSLO,
        text="1. Call:",
    ),
    called("brackets too few at the end", f'{{"tool_calls":[{JSON_OSLO}', TO_OSLO),
    called("brackets too few in a fence", fenced(f'{{"tool_calls":[{JSON_OSLO}', "json"), TO_OSLO),
    called("a JSON answer in a root", root(f"[{JSON_OSLO}]"), TO_OSLO),
    called("objects in a root", root(f"{JSON_OSLO}\n{JSON_ROME}"), TO_OSLO, TO_ROME),
    called("text behind a bare object", f"{JSON_OSLO}\n\nDone.", TO_OSLO, text="\n\nDone."),
    untouched("a JSON answer that is none", '{"city":"Oslo","temperature":3}'),
    untouched("a JSON answer with a name", '{"name":"Ann","arguments":["a","b"]}'),
    untouched("a JSON answer with only the name of a tool", '{"name":"search"}'),
    untouched("a JSON answer of an unknown tool", '{"name":"nope","arguments":{}}'),
    untouched(
        "the description of a tool",
        '{"name":"search","description":"Search.","parameters":{"type":"object"}}',
    ),
    untouched(
        "the description of a tool as OpenAI writes it",
        '[{"type":"function","function":{"name":"search","strict":true,"parameters":{}}}]',
    ),
    untouched("a JSON answer in a fence", fenced('{"name":"Ann","age":5}', "json")),
    untouched("an empty list of calls", '{"tool_calls":[]}'),
    untouched("a list of words", '["a", "b"]'),
    untouched("a list of numbers", "[1] is the first source, [2] the second."),
    untouched("an empty list", "[]"),
    untouched("an empty object", "{}"),
    untouched("a list of lists", "[[1, 2], [3, 4]]"),
    untouched("a set in words", "{x | x > 0} is the set."),
    untouched("a bare object behind words", f"The call would be {JSON_OSLO}"),
    untouched("a bare object on a line behind words", f"The call would be:\n{JSON_OSLO}"),
    untouched(
        "a program in a fence", fenced('def f():\n    return {"name": "get_weather"}', "python")
    ),
    untouched("an object that never ends", '{"name":"get_weather","arguments":{"city":"Os'),
    untouched("an object that ends in a number", '{"name":"get_weather","arguments":{"days":1'),
    untouched("JSON text for a call", '"{\\"name\\": \\"get_weather\\"}"'),
    untouched("a template", "{{ name }} and {% raw %}"),
]

FENCES = [
    called("a fenced root", fenced(root(element())), TO_OSLO),
    called("a fenced root with a word", fenced(root(element()), "xml"), TO_OSLO),
    called(
        "a fenced root in words",
        f"So:\n\n{fenced(root(element()), 'xml')}\n\nDone.",
        TO_OSLO,
        text="So:\n\nDone.",
    ),
    called("a fence in a root", root(f"\n{fenced(element(), 'xml')}\n"), TO_OSLO),
    called(
        "fences in the parameters", element(parameters=f"\n{fenced(IN_OSLO, 'json')}\n"), TO_OSLO
    ),
    called("a fence that closes late", f"```xml\n{root(element())}\n\n\n```\n", TO_OSLO),
    called("a fence that closes on the same line", f"```xml\n{root(element())}```", TO_OSLO),
    called("two calls in one fence", fenced(f"{element()}\n\n{ROME}", "xml"), TO_OSLO, TO_ROME),
    called(
        "arguments with a fence in them",
        root(element("write_file", r'{"content":"```py\nx\n```\n"}')),
        ("write_file", {"content": "```py\nx\n```\n"}),
    ),
    called(
        "a fenced call and a real fence behind",
        f"{fenced(element())}\n\n```py\nx\n```",
        TO_OSLO,
        text="\n\n```py\nx\n```",
    ),
    called(
        "a call in a program",
        "```py\nx = 1\n" + element() + "\n```",
        TO_OSLO,
        text="```py\nx = 1\n```",
    ),
    untouched("a fence with a tag that is none", fenced("<table><tr/></table>", "html")),
    untouched("a fence with a tag in it", fenced("print('<tool_call>')", "python")),
    untouched("two ticks", "``not a fence``"),
    untouched("a tick", "`x` and `<tool_call>` are words"),
    untouched("a fence at the end", "Here:\n```"),
    untouched("a fence and nothing", "```json\n"),
    untouched("many ticks", "`" * 400),
    untouched("an unknown call in a fence", fenced(UNKNOWN, "xml")),
]

NAMES = [
    called("other letters", element("Get_Weather"), TO_OSLO),
    called("lower letters", element("read", "{}"), ("Read", {})),
    called("a namespace in front", element("functions.get_weather"), TO_OSLO),
    called("a colon in front", element("default_api:get_weather"), TO_OSLO),
    called(
        "a name with a dot and a slash", element("mcp.files/open", "{}"), ("mcp.files/open", {})
    ),
    called("a name in quotes", element('"get_weather"'), TO_OSLO),
    called(
        "names that differ in letters only",
        element("twin", "{}") + element("TWIN", "{}"),
        ("twin", {}),
        ("TWIN", {}),
    ),
    untouched("a name that two tools could mean", element("Twin", "{}")),
    untouched("an unknown name", root(UNKNOWN)),
    untouched("an unknown name in a namespace", element("functions.nope")),
    untouched("a name that begins like one", element("get_weather_now")),
    untouched("an empty name", element("")),
    untouched("no name", f"<tool_call><parameters>{IN_OSLO}</parameters></tool_call>"),
    untouched("an empty root", "<tool_calls></tool_calls>"),
    untouched("an empty call", "<tool_call></tool_call>"),
    untouched("an empty call tag", "<tool_call/>"),
    untouched("a name of many words", element("the weather tool, please")),
    untouched(
        "a name that never ends", "<tool_call><tool_name>" + "x" * 500 + "</tool_name></tool_call>"
    ),
]

ARGUMENTS = [
    called("escaped quotes", element(parameters="{&quot;city&quot;:&quot;Oslo&quot;}"), TO_OSLO),
    called("numbers for quotes", element(parameters="{&#34;city&#34;:&#34;Oslo&#34;}"), TO_OSLO),
    called(
        "escaped all through",
        element("search", "{&quot;q&quot;:&quot;a &lt; b&quot;}"),
        ("search", {"q": "a < b"}),
    ),
    called(
        "escaped, with a bracket in the string",
        element("search", "{&quot;q&quot;:&quot;} ]&quot;}"),
        ("search", {"q": "} ]"}),
    ),
    called(
        "escaped, with an escaped quote",
        element("search", r"{&quot;q&quot;:&quot;a \&quot; b&quot;}"),
        ("search", {"q": 'a " b'}),
    ),
    called(
        "entities in good JSON are meant",
        element("search", '{"q":"a &lt; b &amp; c"}'),
        ("search", {"q": "a &lt; b &amp; c"}),
    ),
    called("CDATA", element(parameters=f"<![CDATA[{IN_OSLO}]]>"), TO_OSLO),
    called(
        "CDATA with space around", element(parameters=f"\n<![CDATA[\n{IN_OSLO}\n]]>\n"), TO_OSLO
    ),
    called(
        "CDATA with the end tag in it",
        element("search", '<![CDATA[{"q":"</parameters></tool_call>"}]]>'),
        ("search", {"q": "</parameters></tool_call>"}),
    ),
    called("CDATA with Hermes in it", hermes(f"<![CDATA[{JSON_OSLO}]]>"), TO_OSLO),
    called("a comma at the end", element(parameters='{"city":"Oslo",}'), TO_OSLO),
    called(
        "commas at all ends",
        element("search", '{"q":[1,2,],"p":{"a":1,},}'),
        ("search", {"q": [1, 2], "p": {"a": 1}}),
    ),
    called(
        "a line break in a string",
        element("search", '{"q":"a\nb\tc"}'),
        ("search", {"q": "a\nb\tc"}),
    ),
    called("no last bracket", element(parameters='{"city":"Oslo"'), TO_OSLO),
    called(
        "no last two brackets",
        element("search", '{"q":{"a":[1,2'),
        ("search", {"q": {"a": [1, 2]}}),
    ),
    called(
        "a bracket of the wrong kind missing",
        element("search", '{"q":[1,2}'),
        ("search", {"q": [1, 2]}),
    ),
    called("a bracket too many", element(parameters=IN_OSLO + "}}"), TO_OSLO),
    called(
        "a number before a missing bracket",
        element(parameters='{"days":12'),
        ("get_weather", {"days": 12}),
    ),
    called("a semicolon behind", element(parameters=IN_OSLO + ";"), TO_OSLO),
    called(
        "the end tag in a string",
        element("search", '{"q":"</parameters></tool_call></tool_calls>"}'),
        ("search", {"q": "</parameters></tool_call></tool_calls>"}),
    ),
    called(
        "a whole call in a string",
        root(
            element(
                "search",
                r'{"q":"<tool_calls><tool_call>{\"name\":\"search\"}</tool_call></tool_calls>"}',
            )
        ),
        ("search", {"q": '<tool_calls><tool_call>{"name":"search"}</tool_call></tool_calls>'}),
    ),
    called(
        "quotes in a string",
        element("search", r'{"q":"say \"</tool_call>\" \\"}'),
        ("search", {"q": r'say "</tool_call>" \ '.strip()}),
    ),
    called(
        "brackets in a string", element("search", '{"q":"}}]]{{[["}'), ("search", {"q": "}}]]{{[["})
    ),
    called(
        "unicode",
        element("search", r'{"q":"Tromsø 東京 \ud83d\ude00 😀"}'),
        ("search", {"q": "Tromsø 東京 😀 😀"}),
    ),
    called(
        "half a surrogate",
        hermes(r'{"name":"search","arguments":{"q":"\ud83d"}}'),
        ("search", {"q": "\ud83d"}),
    ),
    called(
        "JSON text for an object", element("search", r'"{\"q\":\"x\"}"'), ("search", {"q": "x"})
    ),
    called(
        "a big number",
        element("search", '{"q":123456789012345678901234567890}'),
        ("search", {"q": 123456789012345678901234567890}),
    ),
    called(
        "a deep object",
        element("search", '{"q":' * 50 + "1" + "}" * 50),
        ("search", eval('{"q":' * 50 + "1" + "}" * 50)),
    ),
    called(
        "a long string",
        element("search", '{"q":"' + "x<" * 3000 + '"}'),
        ("search", {"q": "x<" * 3000}),
    ),
    untouched("no JSON at all", element(parameters="city=Oslo")),
    untouched("words for parameters", element(parameters="Oslo, please")),
    untouched("a list for an object", element(parameters='["Oslo"]')),
    untouched("a string for an object", element(parameters='"Oslo"')),
    untouched("a number for an object", element(parameters="5")),
    untouched("no value", root(BAD)),
    untouched("no colon", element(parameters='{"city" "Oslo"}')),
    untouched("no quotes", element(parameters="{city: Oslo}")),
    untouched("a constant that is no JSON", element(parameters='{"days":NaN}')),
    untouched("infinity", hermes('{"name":"get_weather","arguments":{"days":Infinity}}')),
    untouched("a quote too many", element(parameters='{"city":"Os"lo"}')),
    untouched("words behind the JSON", element(parameters=IN_OSLO + " thanks")),
    untouched("nested beyond measure", hermes("[" * 3000)),
    untouched("JSON text in JSON text", element("search", r'"\"{}\""')),
]

CUSTOM = [
    called(
        "free text",
        element("apply_patch", "*** Begin\n-a\n+b\n*** End"),
        ("apply_patch", "*** Begin\n-a\n+b\n*** End"),
    ),
    called(
        "free text on lines of its own",
        element("apply_patch", "\n*** Begin\n*** End\n"),
        ("apply_patch", "*** Begin\n*** End"),
    ),
    called(
        "free text in CDATA",
        element("apply_patch", "<![CDATA[\n a <b> &amp; ]] > \n]]>"),
        ("apply_patch", "\n a <b> &amp; ]] > \n"),
    ),
    called(
        "free text in two sections",
        element("apply_patch", "<![CDATA[a]]]]><![CDATA[>b]]>"),
        ("apply_patch", "a]]>b"),
    ),
    called(
        "free text with tags",
        element("apply_patch", "<p>a &lt; b</p>"),
        ("apply_patch", "<p>a &lt; b</p>"),
    ),
    called(
        "free text with the end tag",
        element("apply_patch", "a </parameters> b"),
        ("apply_patch", "a </parameters> b"),
    ),
    called(
        "free text with brackets and quotes",
        element("apply_patch", "{ it's \"a"),
        ("apply_patch", "{ it's \"a"),
    ),
    called(
        "free text as input", element("apply_patch", r'{"input":"a\nb"}'), ("apply_patch", "a\nb")
    ),
    called("free text that is JSON", element("apply_patch", '{"a":1}'), ("apply_patch", '{"a":1}')),
    called(
        "free text in Hermes",
        hermes('{"name":"apply_patch","arguments":{"input":"a"}}'),
        ("apply_patch", "a"),
    ),
    called(
        "free text in Hermes, bare",
        hermes('{"name":"apply_patch","input":"a"}'),
        ("apply_patch", "a"),
    ),
    called(
        "free text that is an object",
        hermes('{"name":"apply_patch","arguments":{"a":1}}'),
        ("apply_patch", '{"a":1}'),
    ),
    called(
        "free text in a parameter",
        invoke(parameter("input", "a < b"), "apply_patch"),
        ("apply_patch", "a < b"),
    ),
    called(
        "free text in invoke",
        '<invoke name="apply_patch"><input>a\n\n"b"</input></invoke>',
        ("apply_patch", 'a\n\n"b"'),
    ),
    called("no free text", element("apply_patch", ""), ("apply_patch", "")),
    called(
        "free text that keeps its indent",
        element("apply_patch", "  a\n  b"),
        ("apply_patch", "  a\n  b"),
    ),
    untouched(
        "free text in two parameters",
        invoke(parameter("a", "1") + parameter("b", "2"), "apply_patch"),
    ),
    untouched(
        "free text that never ends",
        "<tool_call><tool_name>apply_patch</tool_name><parameters>*** Begin",
    ),
    untouched(
        "a section that never ends",
        "<tool_call><tool_name>apply_patch</tool_name><![CDATA[*** Begin]]",
    ),
]

TEXT_AROUND = [
    called(
        "text before a call", "I will look.\n\n" + root(element()), TO_OSLO, text="I will look."
    ),
    called("text on the same line", "Look: " + element(), TO_OSLO, text="Look:"),
    called("text behind a call", root(element()) + "\n\nI asked.", TO_OSLO, text="\n\nI asked."),
    called("text on both sides", "One.\n" + root(element()) + "\nTwo.", TO_OSLO, text="One.\nTwo."),
    called("text between calls", element() + " and " + ROME, TO_OSLO, TO_ROME, text=" and"),
    called(
        "text between calls in a root",
        root(element() + "\nand\n" + ROME),
        TO_OSLO,
        TO_ROME,
        text="\nand",
    ),
    called("only white space around", "\n \n" + root(element()) + "\n \n", TO_OSLO),
    called("a trailing <", root(element()) + "<", TO_OSLO, text="<"),
    called("the start of a tag behind", root(element()) + "\n<tool_c", TO_OSLO, text="\n<tool_c"),
    called("a stray end tag behind", element() + "</function_calls>", TO_OSLO),
    called(
        "a look-alike before a call",
        "a <b> < c <tool_box> " + root(element()),
        TO_OSLO,
        text="a <b> < c <tool_box>",
    ),
    called(
        "a tag in words before a call",
        "With `<tool_calls>`:\n" + root(element()),
        TO_OSLO,
        text="With `<tool_calls>`:",
    ),
    called("emoji before a call", "👩🏽‍🚀" + root(element()), TO_OSLO, text="👩🏽‍🚀"),
    called(
        "a bad call, then a good one",
        root(BAD, element()),
        TO_OSLO,
        text=f"<tool_calls>{BAD}</tool_calls>",
    ),
    called("a good call, then a bad one", root(element(), BAD), TO_OSLO, text=BAD),
    called(
        "an unknown call between", root(element(), UNKNOWN, ROME), TO_OSLO, TO_ROME, text=UNKNOWN
    ),
    called(
        "a tag that opens for nothing",
        "<tool_call> is a tag.\n" + element(),
        TO_OSLO,
        text="<tool_call> is a tag.",
    ),
    called(
        "a call that never ends, then a good one",
        '<tool_call>{"name":"sea\n\n' + element(),
        TO_OSLO,
        text='<tool_call>{"name":"sea',
    ),
    called(
        "a quote too many, then a good one",
        element(parameters='{"city":"5" tall"}') + "\n" + ROME,
        TO_ROME,
        text=element(parameters='{"city":"5" tall"}'),
    ),
]

LOOK_ALIKES = [
    untouched("nothing", ""),
    untouched("a word", "Hello"),
    untouched("white space", " \n\t "),
    untouched("white space at the end", "Hello \n\n"),
    untouched("white space at the start", "\n\n Hello"),
    untouched("a trailing <", "a <"),
    untouched("a lone <", "<"),
    untouched("a tag that begins", "see <tool_call"),
    untouched("a tag that begins within a name", "see <tool_calls><tool_call><tool_na"),
    untouched("a table", "Use a <table> element, not <toolbar>."),
    untouched("a tool box", "<tool_box><tool_callback/></tool_box>"),
    untouched("a longer tag", "<tool_calls2>x</tool_calls2>"),
    untouched("a dash for the underline", "<tool-call>" + JSON_OSLO + "</tool-call>"),
    untouched("an end tag", "</tool_calls> and </tool_call>"),
    untouched("HTML", '<input type="text" name="q"> <name>x</name> <parameters> </parameter>'),
    untouched("comparisons", "if a < b and c<d and e<=f: pass"),
    untouched("arrows", "<- <-- <<= <> </ < / >"),
    untouched("a generic type", "Map<String, List<Invoke>> and invoke<T>(x)"),
    untouched("a tag in words", "The `<tool_calls>` tag holds `<tool_call>` elements."),
    untouched("a root with words", "<tool_calls>none</tool_calls>"),
    untouched("an escaped call", "&lt;tool_call&gt;" + JSON_OSLO + "&lt;/tool_call&gt;"),
    untouched("headings without a call", "[user]\nHello\n\n[tool]\nTool result (x): 5"),
    untouched("a result without a call", "<tool_result>5</tool_result>"),
    untouched("a link", "[tool](https://a.example/) is a link"),
    untouched("a citation", "Copper[[1]](https://a.example/) is red."),
    untouched("a comment", "<!-- <!DOCTYPE html> <![CDATA[x]]> -->"),
    untouched("a cut JSON in a call", "<tool_call>" + JSON_OSLO[:-6]),
    untouched(
        "a cut call in a root", "<tool_calls>" + "<tool_call>" + NAMED + '<parameters>{"city":"Os'
    ),
    untouched("a tag of many attributes", "<tool_call " + 'a="b" ' * 100 + ">" + JSON_OSLO),
    untouched("many openings", "<tool_calls>" * 40),
    untouched("many calls that never end", '<tool_call>{"' * 40),
    untouched("a NUL", "a\0b<\0tool_call>"),
]

MADE_UP = [
    called(
        "a made-up result", root(element()) + "\n\n[tool]\nTool result (call_1): 5 degrees", TO_OSLO
    ),
    called("a made-up turn of the user", root(element()) + "\n[user]\nThanks", TO_OSLO),
    called("a made-up answer", root(element()) + "\n\n[assistant]\nIt is cold.", TO_OSLO),
    called(
        "a made-up result in tags", root(element()) + "<tool_result>5</tool_result> Cold.", TO_OSLO
    ),
    called(
        "a made-up result with an id",
        root(element()) + '\n<tool_result id="1">5</tool_result>',
        TO_OSLO,
    ),
    called("a made-up response", hermes() + "\n<tool_response>\n5\n</tool_response>", TO_OSLO),
    called(
        "made-up function results",
        f"<function_calls>{invoke()}</function_calls>\n<function_results>5</function_results>",
        TO_OSLO,
    ),
    called(
        "a made-up result without a heading", root(element()) + "\nTool result (call_1): 5", TO_OSLO
    ),
    called(
        "a made-up result behind words",
        root(element()) + "\nI wait.\n\n[tool]\n5",
        TO_OSLO,
        text="\nI wait.",
    ),
    called(
        "a made-up result, then a call", root(element()) + "\n[tool]\n5\n" + root(ROME), TO_OSLO
    ),
    called(
        "a heading in capital letters", root(element()) + "\n[Tool] 5", TO_OSLO, text="\n[Tool] 5"
    ),
    called(
        "a link is no heading",
        root(element()) + "\n[tool](x) is a link",
        TO_OSLO,
        text="\n[tool](x) is a link",
    ),
    called(
        "a heading within a line is none",
        root(element()) + "\nsee [tool] and [user]",
        TO_OSLO,
        text="\nsee [tool] and [user]",
    ),
    called(
        "words that begin alike",
        root(element()) + "\nTool results differ. [1]",
        TO_OSLO,
        text="\nTool results differ. [1]",
    ),
    called(
        "the end tag of a result",
        root(element()) + "\n</tool_result>",
        TO_OSLO,
        text="\n</tool_result>",
    ),
    called("a heading at the very end", root(element()) + "\n[tool]", TO_OSLO),
]

CASES = (
    *ROOT_FORM,
    *FUNCTION_CALL_FORM,
    *INVOKE_FORM,
    *HERMES_FORM,
    *JSON_FORM,
    *FENCES,
    *NAMES,
    *ARGUMENTS,
    *CUSTOM,
    *TEXT_AROUND,
    *LOOK_ALIKES,
    *MADE_UP,
)
