import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { principalOf } from '../sign-in/principal.js';

@Injectable()
export class StaffGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    return principalOf(execution).kind === 'staff';
  }
}
