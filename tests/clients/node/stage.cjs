// Where Grokdesk is and what all clients are asked; the tests in Python say it in the environment.
"use strict";

const fs = require("node:fs");

const ROOT = process.env.CLIENTS_ROOT_URL;

const WEATHER_PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

module.exports = {
  ROOT,
  BASE: `${ROOT}/v1`,
  KEY: process.env.CLIENTS_KEY,
  MODEL: process.env.CLIENTS_MODEL,
  PICTURE: fs.readFileSync(process.env.CLIENTS_PICTURE),
  WEATHER: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: WEATHER_PARAMETERS,
  },
  OSLO: '!call get_weather {"city": "Oslo"}',
  TWO_CITIES: '!call get_weather {"city": "Oslo"} !call get_weather {"city": "Rome"}',
  RESULT: "minus 4 degrees",

  // How many files were with the last question when it reached upstream.
  async attached() {
    const { prompts } = await (await fetch(process.env.CLIENTS_STATS)).json();
    return prompts.at(-1).attachments.length;
  },

  async collect(stream) {
    const items = [];
    for await (const item of stream) items.push(item);
    return items;
  },
};
