// Drives the npm package @runware/sdk-js, which speaks WebSocket only. The first argument is the folder it is installed in.

import { subscribe } from "node:diagnostics_channel";
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(process.argv[2], "node_modules", "@runware", "sdk-js");
const entry = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).exports["."].import;
const { Runware } = await import(pathToFileURL(join(folder, entry)));

// Every host that is looked up or connected to and is not this machine.
const strayed = [];
const note = (host) => ["127.0.0.1", "::1", "localhost"].includes(host) || strayed.push(host);
subscribe("net.client.socket", ({ socket }) => {
  socket.on("lookup", (_problem, _address, _family, host) => note(host));
  socket.on("connect", () => note(socket.remoteAddress));
});

// The SDK reads no files: its users read them themselves.
const dataUri = (path) => `data:image/png;base64,${readFileSync(path).toString("base64")}`;

const WAYS = {
  "as it is": async (_sdk, value) => value,
  "own data URI": async (_sdk, value) => dataUri(value),
  imageUpload: async (sdk, value) => (await sdk.imageUpload({ image: dataUri(value) })).imageUUID,
  mediaStorage: async (sdk, value) => (await sdk.mediaStorage({ operation: "upload", media: dataUri(value) })).mediaUUID,
};

async function frameImage(sdk, { way, value, position }) {
  const image = await WAYS[way](sdk, value);
  return position === undefined ? image : { image, frame: position };
}

async function perform(sdk, call) {
  if (call.do === "collect") return sdk.getResponse({ taskUUID: call.taskUUID });
  if (!call.frames.length) return sdk.videoInference(call.task);
  const frameImages = await Promise.all(call.frames.map((frame) => frameImage(sdk, frame)));
  return sdk.videoInference({ ...call.task, inputs: { frameImages } });
}

// The SDK rejects with the API's error in `error`, with an Error or with a bare sentence.
function describe(problem) {
  const { code, message, parameter, taskUUID } = problem?.error ?? {};
  if (code) return { kind: "rejection", code, message, parameter, taskUUID };
  return { kind: typeof problem, message: String(problem?.message ?? problem) };
}

async function outcome(work) {
  try {
    return { results: await work };
  } catch (problem) {
    return { error: describe(problem) };
  }
}

async function run(job) {
  const opened = await outcome(Runware.initialize({ apiKey: job.api_key, url: job.ws_url, ...job.options }));
  if (opened.error) return opened;
  const sdk = opened.results;
  const rounds = [];
  for (const calls of job.rounds) rounds.push(await Promise.all(calls.map((call) => outcome(perform(sdk, call)))));
  await sdk.disconnect();
  return { rounds };
}

const done = await run(JSON.parse(readFileSync(0, "utf8")));
writeSync(1, JSON.stringify({ ...done, strayed }));
process.exit(0);
