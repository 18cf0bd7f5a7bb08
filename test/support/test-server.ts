import { setTimeout as delay } from 'node:timers/promises';
import {
  runningProcess,
  signalServer,
  startServer,
  stopServer,
  waitUntilReady,
  type ServerSpec,
} from '../../src/stack/server.ts';

/** A real server that a test may mistreat. */
export class TestServer {
  /** `host:port` at which clients reach it. */
  readonly address: string;
  readonly #spec: () => ServerSpec;

  constructor(address: string, spec: () => ServerSpec) {
    this.address = address;
    this.#spec = spec;
  }

  get port(): number {
    return Number(this.address.split(':')[1]);
  }

  get pid(): number | undefined {
    return runningProcess(this.#spec().folder)?.pid;
  }

  /** Its own folder: settings, data, logs. */
  get folder(): string {
    return this.#spec().folder;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    signalServer(this.folder, 'SIGKILL');
    while (this.pid !== undefined) await delay(10);
  }

  /** An orderly end; resolves when the process is gone. Takes seconds. */
  async stop(): Promise<void> {
    await stopServer(this.folder);
  }

  /** Starts it unless it runs, and waits until it is ready. */
  async start(): Promise<void> {
    await startServer(this.#spec());
    await this.waitUntilReady();
  }

  /** Ready: it answers, and (a broker) the name server sends clients to it. */
  async waitUntilReady(timeoutMs?: number): Promise<void> {
    await waitUntilReady(this.#spec(), timeoutMs);
  }

  /** SIGSTOP: connections stay open, and nothing is answered. */
  freeze(): void {
    signalServer(this.folder, 'SIGSTOP');
  }

  thaw(): void {
    signalServer(this.folder, 'SIGCONT');
  }
}
