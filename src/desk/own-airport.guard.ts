import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { principalOf } from '../sign-in/principal.js';

/** Staff record departures of their own airports only. Guards run before validation: the data may be anything. */
@Injectable()
export class OwnAirportGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    const principal = principalOf(execution);
    if (principal.kind !== 'staff') return false;
    if (principal.airports === 'all') return true;
    const data: unknown = execution.switchToWs().getData();
    const { origin } = (data ?? {}) as { readonly origin?: unknown };
    return typeof origin === 'string' && principal.airports.includes(origin);
  }
}
