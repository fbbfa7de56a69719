/** What there is to tell about the board. Any notice takes the place of the one before it. */
export type Notice =
  | { readonly kind: 'none' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'recovered'; readonly count: number }
  /** Events are lost, so the board is read anew. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly message: string };

export interface NoticeText {
  /** A number that leads the headline, and is shown large. */
  readonly figure?: string;
  readonly headline: string;
  readonly detail: string;
}

export function noticeText(notice: Exclude<Notice, { kind: 'none' }>): NoticeText {
  switch (notice.kind) {
    case 'cut':
      return {
        headline: 'You are cut off',
        detail: 'Departures go on being recorded. Those you miss now come afterwards.',
      };
    case 'recovered':
      return {
        figure: notice.count.toLocaleString('en'),
        headline: notice.count === 1 ? 'event recovered' : 'events recovered',
        detail: notice.count === 0 ? 'Nothing happened while you were away.' : 'None is missing, none came twice.',
      };
    case 'lost':
      return {
        headline: 'Events were lost for good',
        detail: 'You were away for longer than they are kept. The board was read anew.',
      };
    case 'failed':
      return { headline: 'The board is not up to date', detail: notice.message };
    default:
      return notice satisfies never;
  }
}
