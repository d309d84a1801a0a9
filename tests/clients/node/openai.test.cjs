"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const OpenAI = require("openai");
const { BASE, KEY, MODEL, PICTURE, WEATHER, attached, collect } = require("./stage.cjs");
const { OSLO, TWO_CITIES, RESULT } = require("./stage.cjs");

const client = new OpenAI({ baseURL: BASE, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const user = (content) => [{ role: "user", content }];
const chat = (options) => client.chat.completions.create({ model: MODEL, ...options });
const tools = [{ type: "function", function: WEATHER }];

test("models are listed and one is shown", async () => {
  const models = await collect(client.models.list());
  assert.ok(models.some((model) => model.id === MODEL));
  assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
});

test("a whole answer with usage", async () => {
  const reply = await chat({ messages: user("!say Good evening.") });
  assert.equal(reply.choices[0].message.content, "Good evening.");
  assert.equal(reply.choices[0].finish_reason, "stop");
  assert.ok(reply.usage.total_tokens > 0);
});

test("a stream is the whole answer in pieces", async () => {
  const whole = await chat({ messages: user("!unicode") });
  const stream_options = { include_usage: true };
  const stream = await chat({ messages: user("!unicode"), stream: true, stream_options });
  const chunks = await collect(stream);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
  assert.equal(text, whole.choices[0].message.content);
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
});

test("the chat stream helper assembles the message", async () => {
  const stream = client.chat.completions.stream({ model: MODEL, messages: user("!long 30") });
  assert.match(await stream.finalContent(), /^word1 .* word30/);
});

test("a stream that is left early ends", async () => {
  for await (const _chunk of await chat({ messages: user("!long 100000"), stream: true })) break;
  assert.ok((await chat({ messages: user("Hello") })).choices.length === 1);
});

for (const stream of [false, true]) {
  test(`chat: a tool is called and its result told, stream ${stream}`, async () => {
    const first = await finalMessage({ messages: user(OSLO), tools }, stream);
    const [call] = first.tool_calls;
    assert.equal(call.function.name, "get_weather");
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo" });
    const told = { role: "tool", tool_call_id: call.id, content: RESULT };
    const last = await finalMessage({ messages: [...user(OSLO), first, told], tools }, stream);
    assert.ok(last.content.includes(RESULT));
  });
}

function finalMessage(options, stream) {
  if (stream) return client.chat.completions.stream({ model: MODEL, ...options }).finalMessage();
  return chat(options).then((reply) => reply.choices[0].message);
}

test("chat: two tools are called at once", async () => {
  const message = await finalMessage({ messages: user(TWO_CITIES), tools }, true);
  const cities = message.tool_calls.map((call) => JSON.parse(call.function.arguments).city);
  assert.deepEqual(cities, ["Oslo", "Rome"]);
});

test("chat: runTools goes round by itself", async () => {
  const asked = [];
  const weather = ({ city }) => (asked.push(city), RESULT);
  const run = client.chat.completions.runTools({
    model: MODEL,
    messages: user(OSLO),
    stream: true,
    tools: [
      {
        type: "function",
        function: { ...WEATHER, parse: JSON.parse, function: weather },
      },
    ],
  });
  assert.ok((await run.finalContent()).includes(RESULT));
  assert.deepEqual(asked, ["Oslo"]);
});

test("chat: parse reads an answer by schema", async () => {
  const { zodResponseFormat } = require("openai/helpers/zod");
  const { z } = require("zod");
  const Person = z.object({ name: z.string(), age: z.number() });
  const reply = await client.chat.completions.parse({
    model: MODEL,
    messages: user('!json {"name": "Ada", "age": 36}'),
    response_format: zodResponseFormat(Person, "person"),
  });
  assert.deepEqual(reply.choices[0].message.parsed, { name: "Ada", age: 36 });
});

test("chat: a picture is taken", async () => {
  const url = `data:image/png;base64,${PICTURE.toString("base64")}`;
  const content = [
    { type: "text", text: "!say I see it." },
    { type: "image_url", image_url: { url } },
  ];
  assert.match((await chat({ messages: user(content) })).choices[0].message.content, /^I see it\./);
  assert.equal(await attached(), 1);
});

test("responses: a whole answer", async () => {
  const reply = await client.responses.create({ model: MODEL, input: "!say Good evening." });
  assert.equal(reply.output_text, "Good evening.");
  assert.equal(reply.status, "completed");
});

test("responses: a stream with every event in order", async () => {
  const stream = await client.responses.create({ model: MODEL, input: "!long 30", stream: true });
  const events = await collect(stream);
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    events.map((_, index) => events[0].sequence_number + index),
  );
  assert.equal(events[0].type, "response.created");
  assert.equal(events.at(-1).type, "response.completed");
  const deltas = events.filter((event) => event.type === "response.output_text.delta");
  const text = deltas.map((event) => event.delta).join("");
  assert.equal(text, events.at(-1).response.output[0].content[0].text);
});

test("responses: the stream helper assembles the response", async () => {
  const stream = client.responses.stream({ model: MODEL, input: "!think about it" });
  const reply = await stream.finalResponse();
  assert.deepEqual(
    reply.output.map((item) => item.type),
    ["reasoning", "message"],
  );
});

test("responses: a tool is called and its result told by previous_response_id", async () => {
  const responseTools = [{ type: "function", strict: true, ...WEATHER }];
  const first = await client.responses.create({ model: MODEL, input: OSLO, tools: responseTools });
  const call = first.output.find((item) => item.type === "function_call");
  assert.deepEqual(JSON.parse(call.arguments), { city: "Oslo" });
  const last = await client.responses.create({
    model: MODEL,
    previous_response_id: first.id,
    input: [{ type: "function_call_output", call_id: call.call_id, output: RESULT }],
    tools: responseTools,
  });
  assert.ok(last.output_text.includes(RESULT));
});

test("responses: a stored one is fetched and deleted", async () => {
  const made = await client.responses.create({ model: MODEL, input: "!say Keep me." });
  assert.equal((await client.responses.retrieve(made.id)).output_text, "Keep me.");
  await client.responses.delete(made.id);
  await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
});

test("responses: a picture is taken", async () => {
  const image_url = `data:image/png;base64,${PICTURE.toString("base64")}`;
  const content = [
    { type: "input_text", text: "!say I see it." },
    { type: "input_image", image_url, detail: "auto" },
  ];
  const reply = await client.responses.create({ model: MODEL, input: [{ role: "user", content }] });
  assert.match(reply.output_text, /^I see it\./);
  assert.equal(await attached(), 1);
});

test("errors are the classes of the SDK", async () => {
  const stranger = new OpenAI({ baseURL: BASE, apiKey: "sk-wrong", maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  await assert.rejects(chat({ messages: user("Hello"), model: "none" }), OpenAI.NotFoundError);
  await assert.rejects(chat({ messages: [] }), OpenAI.BadRequestError);
  await assert.rejects(client.embeddings.create({ model: MODEL, input: "x" }), { status: 501 });
});
