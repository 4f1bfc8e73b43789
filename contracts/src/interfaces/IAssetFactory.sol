// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A complete set of contracts for one asset, with its powers delayed from the first day
/// @notice An asset is made in two acts of one creator, `begin` and `complete`, because all of it in one transaction would
/// pass the gas that one transaction may use (EIP-7825: 16,777,216). Nothing of a set that is not complete can be used:
/// until then the factory is the only member of any role.
///
/// What the factory leaves behind is what a deployer by hand easily forgets. OpenZeppelin's AccessManager begins with no
/// delays at all: its admin could hand out the treasury's role, or close a contract, in one block. Here the admin acts
/// after `ADMIN_DELAY` from the first second on; who gets a role that touches money or holders gets it `GRANT_DELAY` after
/// it was granted; and a contract can be given other rules only `ADMIN_DELAY` after that was announced. The factory itself
/// keeps nothing.
interface IAssetFactory {
    /// @notice What the asset is called and when its periods are.
    /// @param assetId The asset's name in the oracle's statements: ASCII, padded with zeros.
    /// @param firstDay First settlement day of period 0, counted since 1970-01-01 at `utcOffset`.
    /// @param daysPerPeriod 1 to 31.
    /// @param utcOffset Seconds that the asset's clock is ahead of UTC.
    /// @param challengeWindow Seconds in which a report may be disputed.
    /// @param resolveWindow Seconds after a dispute until the report is void.
    /// @param marginPermille What more than its nameplate an asset may make, 1000 for nothing more.
    /// @param profileMinutes The most full-load minutes of one day.
    struct Schedule {
        bytes32 assetId;
        uint32 firstDay;
        uint32 daysPerPeriod;
        int32 utcOffset;
        uint32 challengeWindow;
        uint32 resolveWindow;
        uint16 marginPermille;
        uint16 profileMinutes;
    }

    /// @notice The first entry of the meter registry, in force from the schedule's first day.
    struct Meters {
        bytes32 bindingsRoot;
        uint32 meterCount;
        uint64 nameplateW;
    }

    /// @notice The shares: a new AssetShare, or an existing ERC-3643 token with a register beside it.
    /// @param erc3643Token The existing token; 0 for a new AssetShare with `name` and `symbol`.
    /// @param excluded Holders that earn nothing; at most 8.
    struct Shares {
        address erc3643Token;
        string name;
        string symbol;
        address[] excluded;
    }

    /// @notice Who signs reports, strictly rising, and how many of them must.
    struct Signers {
        address[] signers;
        uint8 threshold;
    }

    /// @notice Who holds which role; see `Roles`. An office may be a contract, such as a multi-signature wallet.
    struct Offices {
        address admin;
        address registrar;
        address compliance;
        address treasury;
        address issuer;
        address guardian;
        address enforcer;
        address signerAdmin;
        address restarter;
    }

    /// @param paymentToken What holders are paid in.
    /// @param directTolerance Seconds after a period's end in which a boundary reading counts, for an asset whose meters
    /// are settled by the contract itself; 0 for every other asset.
    struct Asset {
        Schedule schedule;
        Meters meters;
        Shares shares;
        Signers signers;
        Offices offices;
        address paymentToken;
        uint32 directTolerance;
    }

    /// @notice Where the contracts of an asset live; `direct` is 0 where the asset isn't settled directly.
    struct Addresses {
        address access;
        address gate;
        address share;
        address registry;
        address declarations;
        address distributor;
        address direct;
    }

    /// @notice keccak-256 of the creation code of each contract that this factory makes, without constructor arguments.
    /// Creation codes come with the call, because together they pass what one contract may hold (EIP-170); that they are the
    /// right ones is what the hashes are for.
    /// @param tokenRegister Of the register beside an existing ERC-3643 token.
    struct CodeHashes {
        bytes32 access;
        bytes32 gate;
        bytes32 registry;
        bytes32 share;
        bytes32 tokenRegister;
        bytes32 declarations;
        bytes32 distributor;
        bytes32 direct;
    }

    /// @notice Creation codes for `begin`.
    /// @param share Of an AssetShare, or of the register of the existing token.
    struct FirstHalf {
        bytes access;
        bytes gate;
        bytes registry;
        bytes share;
    }

    /// @notice Creation codes for `complete`.
    /// @param direct Empty where the asset isn't settled directly.
    struct SecondHalf {
        bytes declarations;
        bytes distributor;
        bytes direct;
    }

    /// @notice The first half of the asset `key` stands.
    event AssetBegun(bytes32 indexed key, address indexed creator, bytes32 indexed assetId);
    /// @notice The asset `key` is complete and the factory has no part in it any more.
    event AssetCompleted(bytes32 indexed key, address indexed creator, bytes32 indexed assetId, Addresses addresses);

    /// @notice The creator has begun this very asset already.
    error AlreadyBegun(bytes32 key);
    /// @notice The creator hasn't begun this very asset; every field counts.
    error NotBegun(bytes32 key);
    /// @notice The asset is complete already.
    error AlreadyComplete(bytes32 key);
    /// @notice `office` has no address.
    error OfficeEmpty(uint64 role);
    /// @notice The registrar says which meters count, so it must not be a signer, who says what they measured.
    error RegistrarSigns(address registrar);

    /// @notice The creation code is not one that this factory makes contracts of.
    error CodeUnknown(bytes32 got, bytes32 want);

    /// @notice Creates the AccessManager, gate, registry with its first entry, and shares or the register of a token.
    /// @return key What names the asset here: it depends on the creator and on every field.
    function begin(Asset calldata asset, FirstHalf calldata code) external returns (bytes32 key);

    /// @notice Creates declarations, distributor and what else the asset asks for, hands out the roles with their delays,
    /// and gives up the factory's own.
    /// @param asset What `begin` was called with, by the same creator.
    function complete(Asset calldata asset, SecondHalf calldata code) external returns (Addresses memory addresses);

    /// @notice The contracts of the asset `key`; those of its second half are 0 until it is complete.
    function addressesOf(bytes32 key) external view returns (Addresses memory);

    /// @notice The creation codes that this factory makes contracts of.
    function codeHashes() external view returns (CodeHashes memory);

    /// @notice The key of `asset` begun by `creator`.
    function keyOf(address creator, Asset calldata asset) external pure returns (bytes32);
}
