// `graylane explain`: why a request goes where it goes, by the router itself, on the live strategy or on a file.

import type { Command } from 'commander';
import { compile, explain, loadRouter } from '@graylane/rules';
import { readStrategy } from '../config/strategy.ts';
import { explanationText } from '../print/explanation.ts';
import { requireConfig } from './check.ts';
import { collect } from './collect.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveStrategy } from './live.ts';
import { hasId, requestFields, type RequestOptions } from './request.ts';

interface ExplainOptions extends GlobalOptions, RequestOptions {
  readonly config?: string;
}

export function addExplain(program: Command): void {
  program
    .command('explain')
    .argument('<request>', "such as 'GET /cart' or https://shop.example/cart")
    .option('-H, --header <name: value>', 'a header of the request; may be repeated', collect)
    .option('-b, --cookie <name=value>', 'a cookie of the request; may be repeated', collect)
    .option('-c, --config <file>', 'explain this file instead of the live strategy')
    .description('say which version serves a request, and why')
    .action(async (line: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>();
      const context = contextOf(options);
      const { strategy, generation } = options.config === undefined
        ? await liveStrategy(context)
        : { strategy: await readStrategy(requireConfig(context.directory, options.config), { runnable: false }), generation: 0 };
      const router = loadRouter(compile(strategy), { generation, random: Math.random });
      const request = requestFields(line, options);
      const explanation = explain(router, request);
      if (context.terminal.json) context.terminal.object(explanation);
      context.terminal.data(explanationText(explanation, hasId(request)));
    });
}
