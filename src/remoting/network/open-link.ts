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

/** Where a peer's bytes go. What it throws ends the connection. */
export interface Input {
  /** Room for the next bytes; never empty. */
  space(): Buffer;
  /** So many bytes have come into that room. */
  filled(bytes: number): void;
  /** Bytes have come into memory of their own. */
  push(chunk: Buffer): void;
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
    const ends: net.Socket[] = [];
    const timer = setTimeout(() => {
      fail(new Error(`no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    const closed = () => {
      fail(new Error('the peer closed the connection before it was established'));
    };
    const aborted = () => {
      fail(signal.reason as Error);
    };
    const attend = (end: net.Socket) => {
      ends.push(end);
      end.once('error', fail).once('close', closed);
    };
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      for (const end of ends) end.off('error', fail).off('close', closed);
    };
    const fail = (error: Error) => {
      done();
      // A late error of either would have nobody to take it.
      for (const end of ends) end.on('error', ignore).destroy();
      reject(error);
    };
    signal.addEventListener('abort', aborted);
    const socket = endpoint.tls ? net.connect(tcp(endpoint)) : connectInto(endpoint, input);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    attend(socket);
    const established = (stream: net.Socket) => {
      done();
      socket.on('error', ignore);
      // The reset goes to the TCP socket: a TLS socket cannot do it.
      resolve({ stream, reset: () => socket.resetAndDestroy() });
    };
    socket.once('connect', () => {
      if (!endpoint.tls) {
        established(socket);
        return;
      }
      const stream = encrypt(socket, endpoint, input);
      attend(stream);
      stream.once('secureConnect', () => {
        established(stream);
      });
    });
  });
}

function tcp({ host, port }: Endpoint): net.TcpNetConnectOpts {
  return { host, port, noDelay: true };
}

/** The system puts what arrives straight into its place. */
function connectInto(endpoint: Endpoint, input: Input): net.Socket {
  const onread = {
    buffer: () => input.space(),
    callback: (bytes: number) => {
      receive(socket, () => {
        input.filled(bytes);
      });
      return true;
    },
  };
  const socket = net.connect({ ...tcp(endpoint), onread });
  return socket;
}

/**
 * The socket must be connected. Where a name has several addresses Node tries one after the other, each with a new handle, and TLS
 * would keep the first: the process would die of it.
 */
function encrypt(socket: net.Socket, { host, tls: options }: Endpoint, input: Input): tls.TLSSocket {
  const stream = tls.connect({ ...options, host, socket });
  stream.on('data', (chunk: Buffer) => {
    receive(stream, () => {
      input.push(chunk);
    });
  });
  return stream;
}

function receive(stream: net.Socket, take: () => void): void {
  try {
    take();
  } catch (error) {
    stream.destroy(error as Error);
  }
}

function ignore(): void {
  // the other listeners of the same failure deal with it
}
