"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const Anthropic = require("@anthropic-ai/sdk");
const { ROOT, KEY, MODEL, PICTURE, WEATHER, attached, collect } = require("./stage.cjs");
const { OSLO, TWO_CITIES, RESULT } = require("./stage.cjs");

const client = new Anthropic({ baseURL: ROOT, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const user = (content) => [{ role: "user", content }];
const said = (message) => ({ role: "assistant", content: message.content });
const ask = (options) => ({ model: MODEL, max_tokens: 1000, ...options });
const tools = [
  { name: WEATHER.name, description: WEATHER.description, input_schema: WEATHER.parameters },
];

test("models are listed and one is shown", async () => {
  const models = await collect(client.models.list());
  assert.ok(models.some((model) => model.id === MODEL && model.type === "model"));
  assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
});

test("a whole answer with usage", async () => {
  const reply = await client.messages.create(ask({ messages: user("!say Good evening.") }));
  assert.deepEqual(reply.content[0].text, "Good evening.");
  assert.equal(reply.stop_reason, "end_turn");
  assert.ok(reply.usage.output_tokens > 0);
});

test("a name of Claude's stands for a model of ours", async () => {
  const model = "claude-sonnet-4-5";
  const reply = await client.messages.create(ask({ model, messages: user("!say Me too.") }));
  assert.equal(reply.content[0].text, "Me too.");
});

test("the stream helper assembles the message", async () => {
  const whole = await client.messages.create(ask({ messages: user("!unicode") }));
  const stream = client.messages.stream(ask({ messages: user("!unicode") }));
  const pieces = [];
  stream.on("text", (piece) => pieces.push(piece));
  const message = await stream.finalMessage();
  assert.equal(message.content[0].text, whole.content[0].text);
  assert.equal(pieces.join(""), whole.content[0].text);
  assert.ok(pieces.length > 3);
});

test("thinking is a block of its own and may come back", async () => {
  const options = { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 2000 };
  const messages = user("!think about it");
  const first = await finalMessage({ messages, ...options }, true);
  assert.deepEqual(
    first.content.map((block) => block.type),
    ["thinking", "text"],
  );
  assert.ok(first.content[0].signature);
  const history = [...messages, said(first), ...user("!say Go on.")];
  const reply = await finalMessage({ messages: history, ...options }, false);
  assert.equal(reply.content.at(-1).text, "Go on.");
});

for (const stream of [false, true]) {
  test(`a tool is called and its result told, stream ${stream}`, async () => {
    const first = await finalMessage({ messages: user(OSLO), tools }, stream);
    assert.equal(first.stop_reason, "tool_use");
    const call = first.content.find((block) => block.type === "tool_use");
    assert.deepEqual(call.input, { city: "Oslo" });
    const result = { type: "tool_result", tool_use_id: call.id, content: RESULT };
    const messages = [...user(OSLO), said(first), ...user([result])];
    const last = await finalMessage({ messages, tools }, stream);
    assert.equal(last.stop_reason, "end_turn");
    assert.ok(last.content[0].text.includes(RESULT));
  });
}

function finalMessage(options, stream) {
  if (stream) return client.messages.stream(ask(options)).finalMessage();
  return client.messages.create(ask(options));
}

test("two tools are called at once", async () => {
  const message = await finalMessage({ messages: user(TWO_CITIES), tools }, true);
  const calls = message.content.filter((block) => block.type === "tool_use");
  assert.deepEqual(
    calls.map((call) => call.input.city),
    ["Oslo", "Rome"],
  );
});

test("the tool runner goes round by itself", async () => {
  const asked = [];
  const run = ({ city }) => (asked.push(city), RESULT);
  const runner = client.beta.messages.toolRunner(
    ask({ messages: user(OSLO), tools: [{ ...tools[0], run, parse: (input) => input }] }),
  );
  const last = await runner;
  assert.deepEqual(asked, ["Oslo"]);
  assert.ok(last.content[0].text.includes(RESULT));
});

test("a picture is taken", async () => {
  const source = { type: "base64", media_type: "image/png", data: PICTURE.toString("base64") };
  const content = [
    { type: "image", source },
    { type: "text", text: "!say I see it." },
  ];
  const reply = await client.messages.create(ask({ messages: user(content) }));
  assert.match(reply.content[0].text, /^I see it\./);
  assert.equal(await attached(), 1);
});

test("tokens are counted", async () => {
  const messages = user("Hello there");
  const counted = await client.messages.countTokens({ model: MODEL, messages });
  assert.ok(counted.input_tokens > 0);
});

test("errors are the classes of the SDK", async () => {
  const stranger = new Anthropic({ baseURL: ROOT, apiKey: "sk-wrong", maxRetries: 0 });
  const asked = ask({ messages: user("Hello") });
  await assert.rejects(stranger.messages.create(asked), Anthropic.AuthenticationError);
  const { NotFoundError, BadRequestError } = Anthropic;
  await assert.rejects(client.messages.create({ ...asked, model: "none" }), NotFoundError);
  await assert.rejects(client.messages.create({ ...asked, messages: [] }), BadRequestError);
});
