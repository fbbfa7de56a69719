import { NAMESPACE, type WireError } from '@millrace/protocol';
import { io } from 'socket.io-client';
import type { Link, LinkListener, LinkTarget, ServerFrame, Transport } from './transport.port.js';

const frameNames = ['events', 'live', 'control'] as const satisfies readonly ServerFrame['name'][];

/** A fresh Socket.IO connection a link, websocket only. Engine.IO's heartbeat finds dead connections. */
export const socketIoTransport: Transport = {
  open({ url, path, handshake }: LinkTarget, listener: LinkListener): Link {
    const socket = io(url.replace(/\/+$/, '') + NAMESPACE, {
      path,
      auth: { ...handshake },
      transports: ['websocket'],
      reconnection: false,
      // A shared manager would keep the state of the link before.
      forceNew: true,
    });
    const end = () => {
      socket.off();
      socket.disconnect();
    };
    socket.on('connect', () => listener.opened(socket.id ?? ''));
    for (const name of frameNames) {
      socket.on(name, (body: unknown) => listener.frame({ name, body } as ServerFrame));
    }
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      end();
      listener.closed(error.message, readRefusal(error.data));
    });
    socket.on('disconnect', (reason) => {
      end();
      listener.closed(reason);
    });
    return {
      send: (name, body, onAnswer) => void socket.emit(name, body, onAnswer),
      close: end,
    };
  },
};

/** Somebody else's middleware may refuse as well, with whatever data it likes. */
function readRefusal(refusal: unknown): WireError | undefined {
  const { code, retry } = (refusal ?? {}) as Partial<WireError>;
  return typeof code === 'string' && typeof retry === 'string' ? (refusal as WireError) : undefined;
}
