// Preloaded into a worker (`--import`): strikes at an activity of a failover, as the file `STRIKE_FILE` says; see strikes.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';

const FILE = process.env.STRIKE_FILE;
const LOOK_EVERY_MS = 50;

let order = '';
let seen = 0;

async function strike(name, when) {
  const { info } = Context.current();
  if (info.workflowType !== 'failover' || info.attempt > 1 || !existsSync(FILE)) return;
  const found = readFileSync(FILE, 'utf8');
  if (found !== order) {
    order = found;
    seen = 0;
  }
  const wanted = JSON.parse(found);
  if (wanted.activity !== undefined && wanted.activity !== name) return;
  if (when === 'before') seen++;
  if (seen !== wanted.nth || when !== wanted.when) return;
  writeFileSync(`${FILE}.struck`, name);
  if (wanted.blow === 'kill') process.kill(process.pid, 'SIGKILL');
  while (existsSync(`${FILE}.struck`)) {
    Context.current().heartbeat();
    await sleep(LOOK_EVERY_MS);
  }
}

const create = Worker.create.bind(Worker);

Worker.create = (options) => {
  const activities = Object.entries(options.activities).map(([name, work]) => [
    name,
    async (...args) => {
      await strike(name, 'before');
      const result = await work(...args);
      await strike(name, 'after');
      return result;
    },
  ]);
  return create({ ...options, activities: Object.fromEntries(activities) });
};
