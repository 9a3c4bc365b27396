// The options by which commands reach a guarded etcd.

import type { Command } from 'commander';

export function withEtcdFlags(command: Command): Command {
  return command
    .option('--etcd-user <name>', 'user of etcd')
    .option('--etcd-password-file <file>', 'its password')
    .option('--etcd-ca <file>', 'authority of etcd\'s certificate (PEM); default: those of the system')
    .option('--etcd-cert <file>', 'certificate to show etcd (PEM)')
    .option('--etcd-key <file>', 'its key (PEM)');
}
