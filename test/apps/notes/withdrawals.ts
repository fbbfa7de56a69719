import { Injectable } from '@nestjs/common';

/** Who may no longer watch which board. */
@Injectable()
export class Withdrawals {
  readonly #withdrawn = new Set<string>();

  add(subject: string, board: string): void {
    this.#withdrawn.add(`${subject} ${board}`);
  }

  has(subject: string, board: string): boolean {
    return this.#withdrawn.has(`${subject} ${board}`);
  }
}
