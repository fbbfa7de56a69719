import { Module, type DynamicModule } from '@nestjs/common';
import { EndpointsModule, MillraceModule } from '@millrace/nest';
import { BoardModule } from './board/board.module.js';
import type { AppConfig } from './config/app.config.js';
import { ConfigModule } from './config/config.module.js';
import { DeskModule } from './desk/desk.module.js';
import { FeedProcessModule } from './feed-process/feed-process.module.js';
import { FlightsModule } from './flights/flights.module.js';
import { millraceOptions } from './millrace.options.js';
import { SignInModule } from './sign-in/sign-in.module.js';

@Module({})
export class AppModule {
  static of(config: AppConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(config),
        MillraceModule.forRoot(millraceOptions(config)),
        EndpointsModule,
        SignInModule,
        FlightsModule,
        DeskModule,
        BoardModule,
        FeedProcessModule,
      ],
    };
  }
}
