/** What is known of a code without its page, which stands in src/explain and is loaded by whoever shows it. */
export interface CodeFacts {
  /** The fixed snake_case word that JSON, metrics and logs use. */
  name: string;
  /** One sentence. */
  summary: string;
  /** Never more than a warning. Without it: an error, or a warning where that is wanted (`cgroups.enforce: best_effort`). */
  severity?: 'warning';
}

/**
 * Every error code that this version can report. A code is never reused; its first digit says where to look:
 * 1 manifest, 2 cgroups and kernel, 3 start, 4 running, 5 packages and repositories, 6 command line, 7 environment, 9 a bug in Thuban.
 */
export const codes = {
  TH1001: { name: 'yaml_syntax', summary: 'The file cannot be read as YAML.' },
  TH1002: { name: 'too_large', summary: 'The manifest or configuration is larger than 1 MiB.' },
  TH1003: { name: 'tab_indent', summary: 'A line is indented with a tab; YAML indents with spaces only.' },
  TH1004: {
    name: 'several_documents',
    summary: 'The file holds several YAML documents; a manifest or configuration is one.',
  },
  TH1005: { name: 'alias_refused', summary: 'An alias expands too far.' },
  TH1006: { name: 'duplicate_key', summary: 'A key appears twice in the same map, or an entry twice in a set.' },
  TH1007: { name: 'not_text', summary: 'The file is not UTF-8 text.' },
  TH1008: { name: 'unreadable', summary: 'The file cannot be read from disk.' },
  TH1101: { name: 'wrong_type', summary: 'A value has another type than the schema asks for.' },
  TH1102: { name: 'unknown_key', summary: 'A key is not part of the manifest or configuration.' },
  TH1103: { name: 'unknown_tag', summary: 'A YAML tag is not part of the manifest or configuration.' },
  TH1104: { name: 'missing_key', summary: 'A mandatory key is missing.' },
  TH1107: { name: 'not_supported_yet', summary: 'The section is understood, but this version cannot execute it.' },
  TH1201: {
    name: 'unknown_value',
    summary: 'A value is not one of the allowed words, or does not have the required form.',
  },
  TH1202: { name: 'bad_size', summary: 'A size cannot be read.' },
  TH1203: { name: 'bad_duration', summary: 'A duration cannot be read.' },
  TH1204: { name: 'bad_cpu_amount', summary: 'A CPU amount cannot be read.' },
  TH1205: { name: 'out_of_range', summary: 'A number lies outside of its range.' },
  TH1206: {
    name: 'bad_version',
    summary: 'A version is not of the form 1.2.3, or a requirement of versions cannot be read.',
  },
  TH1207: { name: 'bad_cron', summary: 'A schedule cannot be read.' },
  TH1208: { name: 'bad_time_zone', summary: 'A time zone does not exist on this board.' },
  TH1209: { name: 'old_octal', summary: 'An octal number is written in the old form 0777.' },
  TH1210: { name: 'reserved_env', summary: 'An environment variable is set by the runtime itself.' },
  TH1211: {
    name: 'unsafe_path',
    summary: 'A path contains `..`, is relative where it must be absolute, or holds a NUL byte.',
  },
  TH1301: { name: 'mount_overlap', summary: 'A bind target lies inside another bind target.' },
  TH1302: {
    name: 'swap_below_memory',
    summary: 'memory_swap_limit (memory plus swap) is below memory_hard_limit, or stands alone.',
  },
  TH1303: { name: 'needs_init', summary: 'A key makes no sense without `init`.' },
  TH1306: { name: 'conflict', summary: 'Two keys exclude each other.' },
  TH1310: { name: 'ambiguous_unit', severity: 'warning', summary: 'A bare `M` is read as 1000000 bytes.' },
  TH1311: {
    name: 'no_swap_limit',
    severity: 'warning',
    summary: 'Only memory is limited, so the kernel may swap instead of stopping the container.',
  },
  TH1312: {
    name: 'frequent_check',
    severity: 'warning',
    summary: 'A check starts a process so often that the board feels it.',
  },
  TH1313: {
    name: 'dst_zone',
    severity: 'warning',
    summary: 'Several times of a schedule lie in the hour that its time zone leaves out in spring.',
  },
  TH1314: {
    name: 'quota_above_cpus',
    severity: 'warning',
    summary: 'The CPU quota is larger than this board can give.',
  },
  TH1315: {
    name: 'no_effect_here',
    severity: 'warning',
    summary: 'A setting has no effect on this kernel or cgroup version.',
  },
  TH1401: { name: 'duplicate_container', summary: 'Two manifests of a repository define the same name and version.' },
  TH1402: { name: 'missing_resource', summary: 'No container offers the resource that is to be mounted.' },
  TH1403: {
    name: 'missing_dependency',
    summary: 'No container of a repository is the one that another depends on, or none of a version that satisfies.',
  },
  TH1404: {
    name: 'dependency_without_health',
    summary: 'A container waits for another to be healthy that has no `health`.',
  },
  TH1405: {
    name: 'dependency_cycle',
    summary: 'Containers wait for each other in a circle, so none of them can start.',
  },
  TH1406: {
    name: 'shared_ids',
    severity: 'warning',
    summary: 'The user namespaces of two containers have ids of the board in common.',
  },
  TH2001: { name: 'controller_absent', summary: 'The kernel offers no such cgroup controller.' },
  TH2002: { name: 'knob_absent', summary: 'The kernel has the controller, but not this file.' },
  TH2003: { name: 'unsupported_version', summary: 'The setting exists only on the other cgroup version.' },
  TH2004: { name: 'write_refused', summary: 'The kernel refused a value.' },
  TH2005: { name: 'below_usage', summary: 'A limit is below what the container uses at this moment.' },
  TH2006: { name: 'not_delegated', summary: 'The cgroup is not ours to write.' },
  TH2007: { name: 'parent_not_empty', summary: 'The parent cgroup holds processes that could not be moved.' },
  TH2008: {
    name: 'device_program_refused',
    summary: 'The kernel does not take the program that guards the devices of a group.',
  },
  TH2009: {
    name: 'freeze_incomplete',
    summary: 'The processes of a container could not be held, or do not go on.',
  },
  TH2010: { name: 'leftover_cgroup', severity: 'warning', summary: 'A cgroup could not be removed.' },
  TH2011: { name: 'group_exists', summary: 'The cgroup of this container exists already and holds processes.' },
  TH2012: { name: 'kernel_too_old', summary: 'The kernel is older than 5.10.' },
  TH2013: { name: 'bad_cgroup_parent', summary: 'The parent for cgroups is not a usable path.' },
  TH2014: {
    name: 'io_limit_too_early',
    summary: 'A kernel of 32 bits cannot be given limits of disks in its first five minutes.',
  },
  TH2015: {
    name: 'not_watched',
    summary: 'The memory of a container cannot be watched as its manifest asks, or only once a second.',
  },
  TH2016: {
    name: 'supervisor_unprotected',
    severity: 'warning',
    summary: 'The memory of Thuban itself is not protected as `cgroups.supervisor_memory_min` asks.',
  },
  TH2017: {
    name: 'mixed_limits',
    summary: 'Limits could not be changed as a whole, and not all of it could be taken back.',
  },
  TH2018: {
    name: 'feature_absent',
    summary: 'The kernel lacks what a section of the manifest needs, outside of cgroups.',
  },
  TH3001: { name: 'init_not_found', summary: 'The program does not exist in the container.' },
  TH3002: { name: 'no_rootfs', summary: 'The manifest names no root filesystem.' },
  TH3003: { name: 'not_executable', summary: 'The program exists, but the kernel cannot execute it.' },
  TH3004: { name: 'mount_failed', summary: 'A mount failed.' },
  TH3005: { name: 'source_missing', summary: 'A host path that is to be mounted does not exist.' },
  TH3006: { name: 'unknown_group', summary: 'A supplementary group does not exist on this host.' },
  TH3007: { name: 'capability_missing', summary: 'Thuban itself lacks a capability that the start needs.' },
  TH3008: { name: 'namespace_missing', summary: 'A network namespace that the manifest names does not exist.' },
  TH3009: { name: 'device_missing', summary: 'A device that the manifest mounts is not there.' },
  TH3010: { name: 'step_failed', summary: 'A step of the start failed.' },
  TH3011: { name: 'launcher_lost', summary: 'The launcher ended or broke the protocol.' },
  TH4001: { name: 'restart_limit', summary: 'The container was restarted as often as its manifest allows.' },
  TH4003: {
    name: 'clock_not_set',
    severity: 'warning',
    summary: 'The clock of the board is not set, so schedules wait.',
  },
  TH4005: { name: 'stop_timeout', summary: 'The container did not end in time and was killed.' },
  TH4006: { name: 'disk_full', summary: 'A folder of the daemon is full; it runs on from memory.' },
  TH4007: {
    name: 'max_runtime',
    severity: 'warning',
    summary: 'A run lasted longer than its schedule allows and was stopped.',
  },
  TH4008: { name: 'lines_dropped', severity: 'warning', summary: 'A container wrote faster than its log takes lines.' },
  TH5001: {
    name: 'bad_signature',
    summary: 'The signature does not fit the package or manifest, or there is none where one is required.',
  },
  TH5002: {
    name: 'unknown_signer',
    summary: 'The package or manifest was signed with a key that the repository does not trust.',
  },
  TH5003: {
    name: 'bad_checksum',
    summary: 'A part of the package is not the one that was packed, or its file was changed since it was checked.',
  },
  TH5004: { name: 'unsafe_entry', summary: 'The package holds an entry that does not belong there.' },
  TH5005: { name: 'truncated', summary: 'The package ends too early.' },
  TH5006: { name: 'in_use', summary: 'The container runs, or another one that runs uses its files.' },
  TH5007: { name: 'duplicate_package', summary: 'A container of the same name and version is there already.' },
  TH5008: { name: 'over_capacity', summary: 'The package exceeds what the repository or the console takes.' },
  TH5011: { name: 'not_a_package', summary: 'The file is no Thuban package, or of a later format.' },
  TH5012: { name: 'bad_key', summary: 'A key file cannot be used.' },
  TH5013: { name: 'pack_failed', summary: 'A package could not be made.' },
  TH5014: { name: 'unknown_repository', summary: 'There is no repository of that name.' },
  TH5015: {
    name: 'repository_not_writable',
    summary: 'The folder of a repository, or of what a container keeps, cannot be written to.',
  },
  TH5010: {
    name: 'untrusted',
    summary: 'Others than root may change a manifest, a package, the configuration, its folder or a folder above it.',
  },
  TH6001: { name: 'no_daemon', summary: 'No daemon answers at the console socket.' },
  TH6002: { name: 'permission_missing', summary: 'This connection lacks the permission for the request.' },
  TH6003: { name: 'unknown_container', summary: 'There is no container of that name.' },
  TH6005: {
    name: 'wrong_state',
    summary: 'The container is not in a state, or not of a kind, that allows the action.',
  },
  TH6006: { name: 'request_too_large', summary: 'A request to the console is larger than allowed.' },
  TH6007: { name: 'too_many_requests', summary: 'The console gets more requests or connections than it allows.' },
  TH6008: { name: 'version_mismatch', summary: 'Client and daemon are of versions that do not understand each other.' },
  TH6009: { name: 'needs_yes', summary: 'The command would end or lose something and there is no terminal to ask at.' },
  TH6011: { name: 'usage', summary: 'The command line cannot be understood.' },
  TH6012: { name: 'bad_request', summary: 'A request to the console is not of the described form.' },
  TH6013: { name: 'unknown_route', summary: 'The console has no such path, or not with this method.' },
  TH6014: { name: 'shutting_down', summary: 'The daemon is about to end and takes no more requests.' },
  TH6015: { name: 'timeout', summary: 'What was waited for did not happen in time.' },
  TH6016: { name: 'unknown_word', summary: 'There is nothing to explain about a word.' },
  TH7001: { name: 'needs_root', summary: 'What was asked for needs root.' },
  TH7002: { name: 'no_compiler', summary: 'No C compiler was found to build the launcher.' },
  TH7003: {
    name: 'bad_config',
    summary: 'A part of the configuration cannot be used, for example an environment variable that names no key.',
  },
  TH7004: { name: 'already_running', summary: 'Another Thuban already runs on this run directory.' },
  TH7005: {
    name: 'address_in_use',
    summary: 'Another program listens at the address, or another file is in its place.',
  },
  TH7006: { name: 'run_dir_unsafe', summary: 'The run directory is not safe to use.' },
  TH7007: { name: 'node_too_old', summary: 'Node.js is older than 20.11.' },
  TH7008: {
    name: 'state_set_aside',
    severity: 'warning',
    summary: 'A state file was damaged and has been set aside; only history is lost.',
  },
  TH7009: { name: 'launcher_missing', summary: 'The launcher or init binary is missing or cannot be started.' },
  TH7010: { name: 'ids_not_mapped', summary: 'The ids of a user who is not root cannot be mapped.' },
  TH9001: { name: 'internal', summary: 'A bug in Thuban.' },
} as const satisfies Record<string, CodeFacts>;

export type Code = keyof typeof codes;
