/** Who speaks: made of the claims of a token. */
export interface Member {
  readonly name: string;
  readonly role: 'member' | 'moderator';
  /** The private boards that the member may watch. */
  readonly boards: readonly string[];
}

export function toMember({ sub, role, boards }: Readonly<Record<string, unknown>>): Member {
  return {
    name: String(sub),
    role: role === 'moderator' ? 'moderator' : 'member',
    boards: Array.isArray(boards) ? boards.map(String) : [],
  };
}
