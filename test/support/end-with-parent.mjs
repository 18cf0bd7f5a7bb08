// Preloaded into a worker (`--import`): a test run that is interrupted or killed leaves no worker behind.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const end = () => process.kill(process.pid, 'SIGKILL');
  if (!process.connected) end();
  process.on('disconnect', end);
  // a worker that has ended must not be kept alive by the channel
  process.channel.unref();
}
