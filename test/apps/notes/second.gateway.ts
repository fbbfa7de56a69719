import { Command, Gateway } from '@millrace/nest';
import { writeNote } from './contracts.js';

/** The planted fault: a second handler for a command that has one. */
@Gateway()
export class SecondGateway {
  @Command(writeNote)
  write(): { event: string } {
    return { event: '' };
  }
}
