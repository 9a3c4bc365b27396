// `graylane up --server`: this machine follows a server instead of a store of its own. The rest of `up` stays as it is.

import type { AnchorKeeper } from '@graylane/pool';
import type { JoinPlan } from '../config/join.ts';
import { placeOf } from '../place.ts';
import { eventText } from '../print/event.ts';
import { exit } from '../print/failure.ts';
import { startJoined } from '../server/joined.ts';
import type { Context } from './context.ts';
import { stopSignal } from './stop-signal.ts';

export async function joinServer({ terminal, environment, directory }: Context, plan: JoinPlan, gateways: number, keeper: AnchorKeeper): Promise<void> {
  const stop = stopSignal(terminal);
  const node = await startJoined({
    place: placeOf(directory, environment), environment, gateways, keeper, ...plan,
    onEvent: (event) => {
      const text = eventText(event);
      if (text !== null) terminal.say(text);
    },
    say: (line) => terminal.say(line),
  });
  keeper.standing();
  void node.serving.then(() => {
    if (terminal.json) terminal.object({ ready: true, node: plan.name, generation: node.generation() });
    terminal.data(`${plan.name} serves under generation ${node.generation()}\n  look at it:  graylane ls · GRAYLANE_SERVER=${plan.servers[0] ?? ''} GRAYLANE_TOKEN_FILE=FILE graylane nodes`);
  });
  await stop;
  await node.down();
  await keeper.goodbye(exit.ok);
}
