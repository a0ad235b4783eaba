/**
 * Accounts that every development network has (clients §3.4). Their keys are public: never use them anywhere else.
 * @module
 */

export type DevelopmentAccount = {
  readonly name: string;
  readonly address: string;
  /** Derivation path m/44'/529'/0'/0/0. */
  readonly mnemonic: string;
  /** 64 hex digits. */
  readonly insecurePrivateKey: string;
};

/** In the order of their account numbers. */
export const DEVELOPMENT_ACCOUNTS: readonly DevelopmentAccount[] = [
  {
    name: "validator",
    address: "secret14aj08vd2ntty7dvskdmdu4zhf23mcwgtute8dz",
    mnemonic:
      "push certain add next grape invite tobacco bubble text romance again lava crater pill genius vital fresh guard great patch knee series era tonight",
    insecurePrivateKey: "5d4c0bc5daa50219ff2daf95a52e36122c640a5a91f3d38d4b9f52b095e8db10",
  },
  {
    name: "a",
    address: "secret1ap26qrlp8mcq2pg6r47w43l0y8zkqm8a450s03",
    mnemonic:
      "grant rice replace explain federal release fix clever romance raise often wild taxi quarter soccer fiber love must tape steak together observe swap guitar",
    insecurePrivateKey: "f0a7b67eb9a719d54f8a9bfbfb187d8c296b97911a05bf5ca30494823e46beb6",
  },
  {
    name: "b",
    address: "secret1fc3fzy78ttp0lwuujw7e52rhspxn8uj52zfyne",
    mnemonic:
      "jelly shadow frog dirt dragon use armed praise universe win jungle close inmate rain oil canvas beauty pioneer chef soccer icon dizzy thunder meadow",
    insecurePrivateKey: "6eeaa297eb4b79e5bb54bbae82f39d4e690fdfeb54c250a849c3d9c5eb5e04f1",
  },
  {
    name: "c",
    address: "secret1ajz54hz8azwuy34qwy9fkjnfcrvf0dzswy0lqq",
    mnemonic:
      "chair love bleak wonder skirt permit say assist aunt credit roast size obtain minute throw sand usual age smart exact enough room shadow charge",
    insecurePrivateKey: "505ac2766a1f47d882869e8483b904e4edf04fe8ec397c093d6c01ea449eba11",
  },
  {
    name: "d",
    address: "secret1ldjxljw7v4vk6zhyduywh04hpj0jdwxsmrlatf",
    mnemonic:
      "word twist toast cloth movie predict advance crumble escape whale sail such angry muffin balcony keen move employ cook valve hurt glimpse breeze brick",
    insecurePrivateKey: "30cff56526d3e51175067698eae8bf8bbc843749ae906cef5d4bfe8ceca30f41",
  },
];
