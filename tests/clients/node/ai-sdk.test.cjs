"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { generateObject, generateText, streamObject, streamText, stepCountIs, tool } = require("ai");
const { createOpenAI } = require("@ai-sdk/openai");
const { createOpenAICompatible } = require("@ai-sdk/openai-compatible");
const { z } = require("zod");
const { BASE, KEY, MODEL, PICTURE, attached, collect } = require("./stage.cjs");
const { OSLO, TWO_CITIES, RESULT } = require("./stage.cjs");

const openai = createOpenAI({ baseURL: BASE, apiKey: KEY });
const compatible = createOpenAICompatible({
  name: "grokdesk",
  baseURL: BASE,
  apiKey: KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const ROADS = {
  "@ai-sdk/openai": openai(MODEL),
  "@ai-sdk/openai chat": openai.chat(MODEL),
  "@ai-sdk/openai-compatible": compatible(MODEL),
};
const Person = z.object({ name: z.string(), age: z.number() });
const ADA = '!json {"name": "Ada", "age": 36}';

for (const [road, model] of Object.entries(ROADS)) {
  const asked = { model, maxRetries: 0, abortSignal: AbortSignal.timeout(60_000) };

  test(`${road}: generateText`, async () => {
    const reply = await generateText({ ...asked, prompt: "!say Good evening." });
    assert.equal(reply.text, "Good evening.");
    assert.equal(reply.finishReason, "stop");
    assert.ok(reply.usage.totalTokens > 0);
  });

  test(`${road}: streamText`, async () => {
    const whole = await generateText({ ...asked, prompt: "!unicode" });
    const stream = streamText({ ...asked, prompt: "!unicode" });
    const pieces = await collect(stream.textStream);
    assert.equal(pieces.join(""), whole.text);
    assert.ok(pieces.length > 3);
    assert.equal(await stream.finishReason, "stop");
    assert.ok((await stream.usage).outputTokens > 0);
  });

  test(`${road}: reasoning comes apart`, async () => {
    const reply = await generateText({ ...asked, prompt: "!think about it" });
    // Its chat road leaves reasoning out, because OpenAI's own chat route has none.
    if (road !== "@ai-sdk/openai chat") assert.ok(reply.reasoningText);
    assert.ok(!reply.text.includes("Keep it short"));
  });

  test(`${road}: generateText goes round with a tool`, async () => {
    const { asked: cities, tools } = weather();
    const reply = await generateText({ ...asked, prompt: OSLO, tools, stopWhen: stepCountIs(3) });
    assert.deepEqual(cities, ["Oslo"]);
    assert.equal(reply.steps.length, 2);
    assert.ok(reply.text.includes(RESULT));
  });

  test(`${road}: streamText goes round with two calls at once`, async () => {
    const { asked: cities, tools } = weather();
    const stream = streamText({ ...asked, prompt: TWO_CITIES, tools, stopWhen: stepCountIs(3) });
    const pieces = await collect(stream.textStream);
    assert.ok(pieces.join("").includes(RESULT));
    assert.deepEqual(cities.sort(), ["Oslo", "Rome"]);
    assert.equal((await stream.steps)[0].finishReason, "tool-calls");
  });

  test(`${road}: generateObject`, async () => {
    const reply = await generateObject({ ...asked, prompt: ADA, schema: Person });
    assert.deepEqual(reply.object, { name: "Ada", age: 36 });
  });

  test(`${road}: streamObject`, async () => {
    const stream = streamObject({ ...asked, prompt: ADA, schema: Person });
    await collect(stream.partialObjectStream);
    assert.deepEqual(await stream.object, { name: "Ada", age: 36 });
  });

  test(`${road}: a picture is taken`, async () => {
    const content = [
      { type: "text", text: "!say I see it." },
      { type: "image", image: PICTURE },
    ];
    const reply = await generateText({ ...asked, messages: [{ role: "user", content }] });
    assert.match(reply.text, /^I see it\./);
    assert.equal(await attached(), 1);
  });
}

function weather() {
  const asked = [];
  const execute = async ({ city }) => (asked.push(city), RESULT);
  const inputSchema = z.object({ city: z.string() });
  const get_weather = tool({ description: "The weather in a city.", inputSchema, execute });
  return { asked, tools: { get_weather } };
}
