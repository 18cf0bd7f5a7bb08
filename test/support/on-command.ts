import type net from 'node:net';
import type { Command } from '../../src/remoting/protocol/command.ts';
import { FrameSplitter } from '../../src/remoting/protocol/frame-splitter.ts';
import { readFrame } from '../../src/remoting/protocol/read-frame.ts';

/** Hands out each request or answer that arrives. */
export function onCommand(socket: net.Socket, take: (command: Command) => void): void {
  const splitter = new FrameSplitter();
  socket.on('data', (chunk: Buffer) => {
    splitter.push(chunk, (frame) => {
      take(readFrame(frame));
    });
  });
}
