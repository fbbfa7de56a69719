import { Module } from '@nestjs/common';
import { FeedProcess } from './feed-process.js';

@Module({ providers: [FeedProcess] })
export class FeedProcessModule {}
