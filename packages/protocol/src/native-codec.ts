/*
 * With this loaded the codec takes strings with native code, which makes it a third faster. Whoever only loads `./codec` does without, since it takes long to load. By
 * itself in a file, and the package says that none of its files does anything by being loaded: what is built from our sources and uses no codec does not load it.
 */
import 'msgpackr'

export { decode, encode } from './codec.ts'
