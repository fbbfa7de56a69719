import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { commandOf } from '@millrace/nest';
import type { Member } from './member.js';

@Injectable()
export class ModeratorGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    return (commandOf(execution).session.principal as Member).role === 'moderator';
  }
}
