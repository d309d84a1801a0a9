"""Ready-made ways to connect a program, with the address, key and model filled in."""

from collections.abc import Callable
from dataclasses import dataclass

KEY_PLACEHOLDER = "YOUR_API_KEY"


@dataclass(frozen=True, slots=True)
class Connection:
    """`base_url` ends with `/v1`."""

    base_url: str
    key: str
    model: str

    @property
    def root_url(self) -> str:
        return self.base_url.removesuffix("/v1")


@dataclass(frozen=True, slots=True)
class Recipe:
    """`note` says what the text alone does not."""

    title: str
    render: Callable[[Connection], str]
    note: str = ""


def _curl(to: Connection) -> str:
    return f"""curl {to.base_url}/chat/completions \\
  -H "Authorization: Bearer {to.key}" \\
  -H "Content-Type: application/json" \\
  -d '{{
    "model": "{to.model}",
    "messages": [{{"role": "user", "content": "Hello"}}]
  }}'"""


def _python(to: Connection) -> str:
    return f"""from openai import OpenAI

client = OpenAI(base_url="{to.base_url}", api_key="{to.key}")
reply = client.chat.completions.create(
    model="{to.model}",
    messages=[{{"role": "user", "content": "Hello"}}],
)
print(reply.choices[0].message.content)"""


def _javascript(to: Connection) -> str:
    return f"""import OpenAI from "openai";

const client = new OpenAI({{ baseURL: "{to.base_url}", apiKey: "{to.key}" }});
const reply = await client.chat.completions.create({{
  model: "{to.model}",
  messages: [{{ role: "user", content: "Hello" }}],
}});
console.log(reply.choices[0].message.content);"""


def _cherry_studio(to: Connection) -> str:
    return f"""Settings > Model Provider > Add, type OpenAI
API Key:   {to.key}
API Host:  {to.root_url}
Model:     {to.model}"""


def _lobe_chat(to: Connection) -> str:
    return f"""Settings > AI Service Provider > OpenAI
API Key:          {to.key}
API Proxy URL:    {to.base_url}
Model:            {to.model}"""


def _open_webui(to: Connection) -> str:
    return f"""Admin Panel > Settings > Connections > OpenAI API > Add
URL:   {to.base_url}
Key:   {to.key}
Model: {to.model}"""


RECIPES = (
    Recipe("curl", _curl),
    Recipe("Python", _python, "Needs the openai package: pip install openai"),
    Recipe("JavaScript", _javascript, "Needs the openai package: npm install openai"),
    Recipe("Cherry Studio", _cherry_studio, "Cherry Studio adds /v1 to the host by itself."),
    Recipe("LobeChat", _lobe_chat, "LobeChat needs the address with /v1 at its end."),
    Recipe(
        "Open WebUI",
        _open_webui,
        "Open WebUI in a container reaches this computer as host.docker.internal.",
    ),
)
