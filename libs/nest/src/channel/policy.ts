/**
 * Says who may do what on the channels of one contract. Only `true` lets somebody in. It is asked again at every
 * subscribe, at every fresh token of a session, and about everybody whom a withdrawal of access may concern, so it should be quick; calls beyond `channel.policyTimeoutMs` are given up.
 *
 * @publicApi
 */
export interface Policy<Principal = unknown, Params = Readonly<Record<string, string>>> {
  /** Whether `who` may subscribe to the channel that `params` name. */
  subscribe(who: Principal, params: Params): boolean | Promise<boolean>;
  /**
   * Whether `who` may page through its history, or resume from a position that nothing shows to be his; without this
   * method, as for `subscribe`.
   */
  history?(who: Principal, params: Params): boolean | Promise<boolean>;
}
