import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { frameCode, frameOpaque, missingBytes, takeFrames } from './frames.ts';

/** What happens to an answer once the server has given it: never sent on; the connection is reset; sent on so many ms late. */
export type Fate = 'swallow' | 'cut' | { readonly lateMs: number };

interface Trap {
  readonly code: number;
  readonly fate: Fate;
  readonly sprung: () => void;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Requests whose answers a trap waits for, by `opaque`. */
  readonly trapped: Map<number, Trap>;
}

/**
 * Stands between a client and a RocketMQ server and passes whole frames on, unless told to be unkind. Real answers of a real
 * server get lost, so what a client believes and what the broker stored can be made to differ.
 */
export class TcpProxy {
  /** `host:port` for clients. */
  readonly address: string;
  /** Added to each direction, ms. */
  latencyMs = 0;
  /** How many bytes a second go to the server over each connection; answers are not slowed down. */
  bytesPerSecond = Infinity;
  /** Resets new connections at once. */
  refusing = false;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #traps: Trap[] = [];
  readonly #rewrite: (frame: Buffer) => Buffer;
  #frozen: { readonly thawed: Promise<void>; readonly thaw: () => void } | undefined;

  private constructor(server: Server, target: string, rewrite: (frame: Buffer) => Buffer) {
    this.#server = server;
    this.#rewrite = rewrite;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [host, port] = target.split(':') as [string, string];
    server.on('connection', (client) => {
      if (this.refusing) client.resetAndDestroy();
      else this.#link(client, connect({ host, port: Number(port), noDelay: true }));
    });
  }

  /** @param rewrite changes each frame that the server sends, in place of the original */
  static async listen(target: string, rewrite: (frame: Buffer) => Buffer = (frame) => frame): Promise<TcpProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target, rewrite);
  }

  get connections(): number {
    return this.#links.size;
  }

  /**
   * Lets the next request with this code reach the server, and does to its answer what `fate` says.
   * Resolves when the server has answered, which is when it has carried the request out.
   */
  loseAnswer(code: number, fate: Fate): Promise<void> {
    return new Promise((resolve) => {
      this.#traps.push({ code, fate, sprung: resolve });
    });
  }

  /** Resets every connection; new ones are accepted. */
  cut(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Passes nothing on, either way, until `thaw`; connections stay open. */
  freeze(): void {
    if (this.#frozen) return;
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    this.#frozen = { thawed, thaw };
  }

  thaw(): void {
    this.#frozen?.thaw();
    this.#frozen = undefined;
  }

  async close(): Promise<void> {
    this.thaw();
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #link(client: Socket, server: Socket): void {
    const link: Link = { client, server, trapped: new Map() };
    this.#links.add(link);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.resetAndDestroy());
      one.on('close', () => {
        other.destroy();
        this.#links.delete(link);
      });
    }
    this.#pass(client, server, (frame) => this.#request(link, frame), true);
    this.#pass(server, client, (frame) => this.#answer(link, frame));
  }

  /** Frames of one direction, in order; `decide` gives what to send on, and how late, or nothing. */
  #pass(
    from: Socket,
    to: Socket,
    decide: (frame: Buffer) => { frame: Buffer; lateMs: number } | undefined,
    isSlow = false,
  ): void {
    let chunks: Buffer[] = [];
    let sent = Promise.resolve();
    // when the line is free again
    let free = 0;
    from.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (missingBytes(chunks) > 0) return;
      const { frames, rest } = takeFrames(Buffer.concat(chunks));
      chunks = [rest];
      const due = performance.now() + this.latencyMs;
      for (const frame of frames)
        sent = sent.then(async () => {
          await this.#frozen?.thawed;
          const decided = decide(frame);
          if (!decided) return;
          free = Math.max(free, performance.now()) + (isSlow ? (frame.length / this.bytesPerSecond) * 1000 : 0);
          const wait = Math.max(due + decided.lateMs, free) - performance.now();
          if (wait > 0) await delay(wait);
          await this.#frozen?.thawed;
          if (!to.destroyed) to.write(decided.frame);
        });
    });
  }

  #request(link: Link, frame: Buffer): { frame: Buffer; lateMs: number } {
    if (this.#traps.length === 0) return { frame, lateMs: 0 };
    const index = this.#traps.findIndex(({ code }) => code === frameCode(frame));
    const [trap] = index < 0 ? [] : this.#traps.splice(index, 1);
    if (trap) link.trapped.set(frameOpaque(frame), trap);
    return { frame, lateMs: 0 };
  }

  #answer(link: Link, frame: Buffer): { frame: Buffer; lateMs: number } | undefined {
    const opaque = link.trapped.size > 0 ? frameOpaque(frame) : 0;
    const trap = link.trapped.get(opaque);
    if (!trap) return { frame: this.#rewrite(frame), lateMs: 0 };
    link.trapped.delete(opaque);
    trap.sprung();
    if (trap.fate === 'swallow') return undefined;
    if (trap.fate === 'cut') {
      link.client.resetAndDestroy();
      link.server.resetAndDestroy();
      return undefined;
    }
    return { frame, lateMs: trap.fate.lateMs };
  }
}
