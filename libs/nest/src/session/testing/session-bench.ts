import { FakeClock } from '../../core/testing/fake-clock.js';
import { MemoryRecorder } from '../../stream/testing/memory-recorder.js';
import type { Identity } from '../authenticator.port.js';
import { SessionRegistry } from '../session-registry.js';
import { defaultSessionOptions, type SessionOptions } from '../session.options.js';
import { SocketSession } from '../socket-session.js';
import { FakeSocket } from './fake-socket.js';

export const ann: Identity = { principal: { name: 'ann' }, subject: 'ann' };

/** Sessions on fake sockets, wired to a registry as the gateway does it. */
export class SessionBench {
  readonly clock = new FakeClock();
  readonly recorder = new MemoryRecorder();
  readonly registry = new SessionRegistry(this.recorder);
  readonly options: SessionOptions;

  constructor(options: Partial<SessionOptions> = {}) {
    this.options = { ...defaultSessionOptions, ...options };
  }

  open(identity: Identity = ann, id = 'socket-1'): { session: SocketSession; socket: FakeSocket } {
    const socket = new FakeSocket(id);
    const session = new SocketSession(socket.asSocket, identity, this.options, this.clock);
    this.registry.add(session);
    socket.once('disconnect', (reason) => {
      session.disconnected(String(reason));
      this.registry.remove(session, String(reason));
    });
    session.open(identity);
    return { session, socket };
  }
}
