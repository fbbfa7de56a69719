import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Namespace, Socket } from 'socket.io';

/** A gateway of the application's own, beside Millrace's: everything that it asks of rooms is meant for all nodes. */
@WebSocketGateway({ namespace: '/lobby' })
export class LobbyGateway {
  @WebSocketServer() private readonly namespace!: Namespace;

  @SubscribeMessage('enter')
  async enter(@ConnectedSocket() socket: Socket, @MessageBody() room: string): Promise<string> {
    await socket.join(room);
    return room;
  }

  @SubscribeMessage('call')
  call(@MessageBody() { room, text }: { room: string; text: string }): string {
    this.namespace.to(room).emit('called', text);
    return text;
  }

  /** Moves everybody in one room into another one too. */
  @SubscribeMessage('gather')
  gather(@MessageBody() { from, into }: { from: string; into: string }): string {
    this.namespace.in(from).socketsJoin(into);
    return into;
  }

  @SubscribeMessage('expel')
  expel(@MessageBody() room: string): string {
    this.namespace.in(room).disconnectSockets();
    return room;
  }

  /** How many are in a room, on all nodes; `undefined` when the nodes cannot be asked. */
  @SubscribeMessage('count')
  async count(@MessageBody() room: string): Promise<{ count: number | undefined }> {
    const sockets = await this.namespace
      .in(room)
      .fetchSockets()
      .catch(() => undefined);
    return { count: sockets?.length };
  }
}
