import { connect } from 'node:net';

/** RocketMQ request codes (org.apache.rocketmq.remoting.protocol.RequestCode) that tell whether a server is ready. */
const GET_BROKER_RUNTIME_INFO = 28;
const GET_ROUTE_INFO = 105;
const GET_BROKER_CLUSTER_INFO = 106;

const PROBE_TIMEOUT_MS = 1000;

export async function nameServerAnswers(port: number): Promise<boolean> {
  return (await ask(port, GET_BROKER_CLUSTER_INFO)) !== undefined;
}

/** The broker answers, and its name server sends clients to it. */
export async function brokerIsRegistered(port: number, nameServerPort: number): Promise<boolean> {
  const routes = await ask(nameServerPort, GET_BROKER_CLUSTER_INFO);
  if (!routes?.includes(`"127.0.0.1:${port}"`)) return false;
  return (await ask(port, GET_BROKER_RUNTIME_INFO)) !== undefined;
}

/** It answers requests of both protocols: any answer of the remoting port will do, also "no such topic". */
export async function proxyAnswers(remotingPort: number, grpcPort: number): Promise<boolean> {
  return (await ask(remotingPort, GET_ROUTE_INFO)) !== undefined && (await accepts(grpcPort));
}

/** One request with a JSON header on a connection of its own. @returns the whole answer as text, `undefined` if none came */
function ask(port: number, code: number): Promise<string | undefined> {
  const header = Buffer.from(
    JSON.stringify({
      code,
      language: 'OTHER',
      version: 401,
      opaque: 1,
      flag: 0,
      extFields: { topic: 'SELF_TEST_TOPIC' },
    }),
  );
  const lengths = Buffer.alloc(8);
  lengths.writeInt32BE(4 + header.length, 0);
  lengths.writeInt32BE(header.length, 4);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => {
      finish(undefined);
    });
    socket.on('error', () => {
      finish(undefined);
    });
    socket.on('close', () => {
      finish(undefined);
    });
    socket.on('connect', () => socket.write(Buffer.concat([lengths, header])));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) finish(received.toString('latin1'));
    });
  });
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => {
      finish(false);
    });
    socket.on('error', () => {
      finish(false);
    });
    socket.on('connect', () => {
      finish(true);
    });
  });
}
