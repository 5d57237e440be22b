// The npm package @runware/sdk-js, which speaks WebSocket only, as a program for the kit: a task a line in, an answer a line out.
//
//   node sdk_js.mjs [OPTIONS] [FOLDER]
//
// OPTIONS are further options of the SDK, as JSON; FOLDER has the node_modules with the SDK, and is this one unless given.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const [options = "{}", folder = "."] = process.argv.slice(2);
const { Runware } = createRequire(resolve(folder, "any.js"))("@runware/sdk-js");

async function makeVideo({ endpoint, ...task }) {
  const sdk = await Runware.initialize({ apiKey: endpoint.api_key, url: endpoint.ws_url, ...JSON.parse(options) });
  try {
    return await sdk.videoInference(task);
  } finally {
    await sdk.disconnect();
  }
}

// The SDK rejects with the API's error in `error`, with an Error, or with a bare sentence.
function failure(problem) {
  const { code, message } = problem?.error ?? problem ?? {};
  return { code, message: String(message ?? problem) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { results: await makeVideo(JSON.parse(line)) };
  } catch (problem) {
    answer = { error: failure(problem) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
