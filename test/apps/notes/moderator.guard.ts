import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { CommandContext } from '@millrace/nest';
import type { Member } from './member.js';

@Injectable()
export class ModeratorGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    const { session } = execution.getArgByIndex<CommandContext>(2);
    return (session.principal as Member).role === 'moderator';
  }
}
