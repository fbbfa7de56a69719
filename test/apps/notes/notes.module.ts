import { Module, type DynamicModule } from '@nestjs/common';
import { AdminModule, EndpointsModule, jwt, MillraceModule, type MillraceOptions } from '@millrace/nest';
import { AccessGateway } from './access.gateway.js';
import { Announcer, LeakyAnnouncer } from './announcer.js';
import { BoardPolicy, TickerPolicy, TypingPolicy } from './board.policy.js';
import { LobbyGateway } from './lobby.gateway.js';
import { toMember } from './member.js';
import { ModeratorGuard } from './moderator.guard.js';
import { NoteGateway } from './note.gateway.js';
import { NoteTable } from './note-table.js';
import { tokenAudience, tokenIssuer, type NotesConfig } from './notes.config.js';
import { OperatorGuard } from './operator.guard.js';
import { SecondGateway } from './second.gateway.js';
import { Withdrawals } from './withdrawals.js';

/** The application under test: notes on boards. */
@Module({})
export class NotesModule {
  static from(config: NotesConfig): DynamicModule {
    return {
      module: NotesModule,
      imports: [MillraceModule.forRoot(millraceOptions(config)), ...endpoints(config)],
      providers: [
        NoteGateway,
        AccessGateway,
        LobbyGateway,
        BoardPolicy,
        TickerPolicy,
        TypingPolicy,
        ModeratorGuard,
        NoteTable,
        Withdrawals,
        { provide: Announcer, useClass: config.fault === 'leak' ? LeakyAnnouncer : Announcer },
        ...(config.fault === 'second-handler' ? [SecondGateway] : []),
      ],
    };
  }
}

function endpoints({ adminKey }: NotesConfig): NonNullable<DynamicModule['imports']> {
  if (adminKey === undefined) return [EndpointsModule];
  const guards = [new OperatorGuard(adminKey)];
  return [EndpointsModule.register({ guards }), AdminModule.register({ guards })];
}

function millraceOptions({ databaseUrl, redis, secret, leewaySeconds, options }: NotesConfig): MillraceOptions {
  return {
    ...options,
    ...(databaseUrl !== undefined && { postgres: { connectionString: databaseUrl } }),
    ...(redis && { redis }),
    authenticate: jwt({
      secret,
      issuer: tokenIssuer,
      audience: tokenAudience,
      ...(leewaySeconds !== undefined && { leewaySeconds }),
      toPrincipal: toMember,
    }),
  };
}
