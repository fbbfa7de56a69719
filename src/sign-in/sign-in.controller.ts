import { createHash, timingSafeEqual } from 'node:crypto';
import { Body, Controller, Headers, HttpCode, Post, UnauthorizedException, ValidationPipe } from '@nestjs/common';
import { AppConfig } from '../config/app.config.js';
import type { SignedIn } from '../contracts/sign-in.contract.js';
import { SignInDto } from './sign-in.dto.js';
import { issueToken } from './token.js';

const validation = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

/**
 * Signs in for the demo: a name is enough to watch. The header `x-feed-key` makes the feed, which may record departures
 * at all airports.
 */
@Controller('sign-in')
export class SignInController {
  constructor(private readonly config: AppConfig) {}

  @Post()
  @HttpCode(200)
  signIn(@Body(validation) { name }: SignInDto, @Headers('x-feed-key') feedKey?: string): Promise<SignedIn> {
    const { jwtSecret } = this.config;
    if (feedKey === undefined) return issueToken({ kind: 'viewer', name }, jwtSecret);
    if (!isSame(feedKey, this.config.feedKey)) throw new UnauthorizedException('x-feed-key is not that of this server');
    return issueToken({ kind: 'staff', name, airports: 'all' }, jwtSecret);
  }
}

/** Hashed, so that neither the time nor the length tells how much of a guess was right. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
