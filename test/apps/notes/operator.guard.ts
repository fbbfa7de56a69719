import type { CanActivate, ExecutionContext } from '@nestjs/common';

export class OperatorGuard implements CanActivate {
  constructor(private readonly key: string) {}

  canActivate(execution: ExecutionContext): boolean {
    const { headers } = execution.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
    return headers['x-operator-key'] === this.key;
  }
}
