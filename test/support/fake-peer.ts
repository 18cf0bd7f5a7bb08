import { once } from 'node:events';
import net from 'node:net';

/** A TCP server that does what a real one cannot be made to do: garbage, silence, cut connections. */
export interface FakePeer {
  readonly port: number;
  readonly address: string;
  /** Every connection ever accepted, oldest first. */
  readonly sockets: readonly net.Socket[];
  close(): Promise<void>;
}

export async function fakePeer(onSocket: (socket: net.Socket, index: number) => void, port = 0): Promise<FakePeer> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    onSocket(socket, sockets.length - 1);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as net.AddressInfo;
  return {
    port: address.port,
    address: `127.0.0.1:${address.port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
