/** The options of `forRoot()`. A module without them was imported as it is. */
export const NODE_OPTIONS = Symbol('MillraceModule options');
