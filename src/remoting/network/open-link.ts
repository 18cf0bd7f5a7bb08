import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

/** TCP keepalive finds a peer that vanished without a word. ms. */
const KEEP_ALIVE_MS = 30_000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Encrypts, and verifies the certificate only as far as these options say. */
  readonly tls?: tls.ConnectionOptions;
}

/** Parses `host:port`; an IPv6 host may stand in brackets. @throws RangeError */
export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  const port = Number(address.slice(colon + 1));
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new RangeError(`address ${JSON.stringify(address)}: expected host:port`);
  return { host, port };
}

/** Where a peer's bytes go. */
export interface Input {
  /** Room for the next bytes; never empty. */
  space(): Buffer;
  /** So many bytes have come into that room. */
  filled(bytes: number, stream: Duplex): void;
  /** Bytes have come into memory of their own. */
  push(chunk: Buffer, stream: Duplex): void;
}

/** An established connection. */
export interface Link {
  readonly stream: Duplex;
  /** Cuts it with a TCP reset: nothing that is still queued here arrives. */
  reset(): void;
}

/** Resolves with an established connection, TLS handshake done. @throws Error of the socket, after `timeoutMs`, or once aborted */
export function openLink(endpoint: Endpoint, input: Input, timeoutMs: number, signal: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => {
    const { socket, stream } = endpoint.tls ? encrypted(endpoint, endpoint.tls, input) : plain(endpoint, input);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const timer = setTimeout(() => {
      fail(new Error(`no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    const closed = () => {
      fail(new Error('the peer closed the connection before it was established'));
    };
    const aborted = () => {
      fail(signal.reason as Error);
    };
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      for (const end of [socket, stream]) end.off('error', fail).off('close', closed);
    };
    const fail = (error: Error) => {
      done();
      // A late error of either would have nobody to take it.
      for (const end of [socket, stream]) end.on('error', ignore).destroy();
      reject(error);
    };
    signal.addEventListener('abort', aborted);
    for (const end of [socket, stream]) end.once('error', fail).once('close', closed);
    stream.once(endpoint.tls ? 'secureConnect' : 'connect', () => {
      done();
      socket.on('error', ignore);
      resolve({ stream, reset: () => socket.resetAndDestroy() });
    });
  });
}

/** `stream` carries what is said; `socket` can be reset, which a TLS socket cannot. */
interface Sockets {
  readonly socket: net.Socket;
  readonly stream: net.Socket;
}

/** The system puts what arrives straight into its place. */
function plain({ host, port }: Endpoint, input: Input): Sockets {
  const onread = {
    buffer: () => input.space(),
    callback: (bytes: number) => {
      input.filled(bytes, socket);
      return true;
    },
  };
  const socket = net.connect({ host, port, noDelay: true, onread });
  // Nothing comes as data, but only a stream that flows tells its end.
  socket.resume();
  return { socket, stream: socket };
}

function encrypted({ host, port }: Endpoint, options: tls.ConnectionOptions, input: Input): Sockets {
  const socket = net.connect({ host, port, noDelay: true });
  const stream = tls.connect({ ...options, host, socket });
  stream.on('data', (chunk: Buffer) => {
    input.push(chunk, stream);
  });
  return { socket, stream };
}

function ignore(): void {
  // the other listeners of the same failure deal with it
}
