// A sound client in JavaScript, as a program for the kit: a task a line in, an answer a line out.

import { createInterface } from "node:readline";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 5;
const AGAIN = new Set([408, 429, 500, 502, 503, 504]);

class Failure extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function ask(endpoint, task) {
  for (let number = 1; number <= TRIES; number++) {
    let pause = 250 * 2 ** number;
    try {
      const headers = { Authorization: `Bearer ${endpoint.api_key}`, "Content-Type": "application/json" };
      const answer = await fetch(endpoint.http_url, { method: "POST", headers, body: JSON.stringify([task]) });
      const reply = JSON.parse(await answer.text());
      if (!AGAIN.has(answer.status)) return { reply, number };
      pause = Math.max(pause, 1000 * Number(answer.headers.get("retry-after") ?? 0));
    } catch (problem) {
      if (number === TRIES) throw problem;
    }
    await sleep(pause);
  }
  throw new Error("no try went well");
}

function raise(errors) {
  throw new Failure(errors[0].code, errors[0].message);
}

async function makeVideo({ endpoint, ...task }) {
  const taskUUID = randomUUID();
  const { reply, number } = await ask(endpoint, {
    taskType: "videoInference", taskUUID, deliveryMethod: "async", ...task,
  });
  const wasTaken = number > 1 && reply.errors?.[0].code === "conflictTaskUUID";
  if (reply.errors && !wasTaken) raise(reply.errors);
  for (let pause = 600; ; pause = Math.min(pause * 1.5, 10_000)) {
    await sleep(pause);
    const poll = (await ask(endpoint, { taskType: "getResponse", taskUUID })).reply;
    const items = poll.data ?? [];
    if (items.some((item) => item.status === "processing")) continue;
    const made = items.filter((item) => item.videoURL);
    if (!made.length && poll.errors) raise(poll.errors);
    return made;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ results: await makeVideo(JSON.parse(line)) }));
  } catch (problem) {
    console.log(JSON.stringify({ error: { code: problem.code, message: problem.message } }));
  }
}
