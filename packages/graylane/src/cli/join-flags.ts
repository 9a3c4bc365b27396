// The options by which a machine follows a server.

import type { Command } from 'commander';
import { collect } from './collect.ts';

export function withJoinFlags(command: Command): Command {
  return withFollowFlags(command)
    .option('--run <service/version>', 'of canaries run these alone, * for all of a service; others are reached on other machines; may be repeated', collect)
    .option('--bind <address>', 'address of this machine on which services listen; default: all')
    .option('--passage <host:port>', 'where other machines reach the versions of this one, with TLS')
    .option('--advertise <host:port>', 'the same as other machines see it');
}

/** Of whoever follows a server and runs no version too. */
export function withFollowFlags(command: Command): Command {
  return command
    .option('--server <url>', 'follow a server (graylane server) instead of a config file; may be repeated', collect)
    .option('--node <name>', "this machine's name in the fleet; default: the host's")
    .option('--label <name=value>', 'for graylane nodes, such as zone=a; may be repeated', collect)
    .option('--token-file <file>', 'token with the scope node; read again for each connection')
    .option('--server-ca <file>', "authority of the servers' and machines' certificates (PEM); default: those of the system")
    .option('--node-cert <file>', 'certificate of this machine (PEM): instead of a token, and for other machines')
    .option('--node-key <file>', 'its key (PEM)');
}
