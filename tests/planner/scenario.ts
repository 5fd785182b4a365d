import * as fc from 'fast-check'
import type { ModelSetup } from './model-hub.ts'
import type { UserAction } from './user-action.ts'

/** `service` and `order` are numbers that are taken modulo what there is, so that every step means something. */
export type Step =
  | { readonly type: 'user'; readonly service: number; readonly action: UserAction }
  | { readonly type: 'report'; readonly service: number }
  | { readonly type: 'decide'; readonly service: number }
  | { readonly type: 'order'; readonly service: number; readonly order: number }
  | { readonly type: 'resolve'; readonly conflict: number; readonly keep: number }
  | { readonly type: 'settle' }

/** Plain data: fast-check makes it smaller until a failure is readable, and prints it. */
export interface Scenario {
  readonly setup: ModelSetup
  /** One tree, which every service finds in sync before anything happens. */
  readonly tree: readonly UserAction[]
  readonly steps: readonly Step[]
  /** Conflicts are resolved while the rest is done. */
  readonly resolving: boolean
  /** In which order everything is done that is left at the end. */
  readonly schedule: number
}

/** Few, so that what happens on several services happens to the same files; and enough for directories and filters. */
const PATHS: readonly (readonly string[])[] = [
  ['a', 'b', 'c', 'd', 'a/x', 'a/y.txt', 'b/x', 'b/y.png', 'c/x/z'],
  ['a', 'b'],
  ['a', 'b', 'c'],
  ['a', 'a/x', 'b'],
  ['a', 'a/x', 'b/x', 'b/y.png'],
]

const actionOn = (path: fc.Arbitrary<string>): fc.Arbitrary<UserAction> =>
  fc.record({
    do: fc.oneof(
      { weight: 8, arbitrary: fc.constant('write' as const) },
      { weight: 4, arbitrary: fc.constant('erase' as const) },
      { weight: 6, arbitrary: fc.constant('rename' as const) },
      { weight: 2, arbitrary: fc.constant('revise' as const) },
      { weight: 8, arbitrary: fc.constantFrom('collapse', 'expand', 'mkdir', 'touch', 'chmod') },
    ),
    path,
    to: path,
  })
const service = fc.nat({ max: 11 })
const stepOn = (action: fc.Arbitrary<UserAction>): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ type: fc.constant('user' as const), service, action }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('report' as const), service }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('decide' as const), service }) },
    { weight: 8, arbitrary: fc.record({ type: fc.constant('order' as const), service, order: fc.nat({ max: 20 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('resolve' as const), conflict: fc.nat(5), keep: fc.nat(2) }),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'settle' as const }) },
  )

const services = fc.constantFrom<ModelSetup['services']>(
  { left: {}, right: {} },
  { left: {}, right: {}, third: {} },
  { left: {}, right: {}, third: {}, fourth: {} },
  { left: {}, right: { mode: 'r' }, third: {} },
  { left: {}, right: { mode: 'w' }, third: {} },
  { left: {}, right: { file_size: { max: 2 } }, third: {} },
  { left: {}, right: { blacklist: ['*/x'] } },
)
const setup: fc.Arbitrary<ModelSetup> = fc.record({
  services,
  folder: fc.constantFrom<unknown>(
    {},
    {},
    { conflict: 'oldest' },
    { conflict: ['right', 'left'] },
    { conflict: 'largest' },
    { blacklist: ['d', '*/z'] },
    { whitelist: ['a*', 'b*'] },
    { file_size: { min: 1, max: 3 } },
    { mimetypes: ['text/*', 'application/*'] },
  ),
  rules: fc.constantFrom<unknown>(
    undefined,
    undefined,
    [{ sync: ['left', 'right', 'third', 'fourth'] }],
    [
      { match: { path: '/a/' }, sync: ['left', 'right'] },
      { match: { path: '/b' }, sync: ['left'], ban: ['right'] },
    ],
    [
      { match: { mime: 'text/*' }, sync: ['right', 'third'] },
      { match: { size: { max: 2 } }, sync: ['left', 'right', 'fourth'] },
    ],
  ),
})

export const scenario: fc.Arbitrary<Scenario> = fc.constantFrom(...PATHS).chain((paths) => {
  const action = actionOn(fc.constantFrom(...paths))
  return fc.record({
    setup,
    tree: fc.array(action, { maxLength: 6 }),
    steps: fc.array(stepOn(action), { maxLength: 40 }),
    resolving: fc.boolean(),
    schedule: fc.nat(),
  })
})
