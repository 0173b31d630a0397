// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Registered} from "./Registered.sol";

/// @title One token for each published work (ERC-721, ERC-2981, ERC-4906).
/// @notice Publishing costs no gas: the registrar signs a voucher, and whoever needs the token first brings
/// the voucher along. The creator gets the token, whoever pays for it.
contract Works is ERC721, ERC2981, IERC4906, Registered {
    struct WorkVoucher {
        uint256 workId; // keccak256 of the listing's id
        address creator; // gets the token and the royalties
        uint96 royaltyBps;
        bytes32 contentHash; // SHA-256 of the licensed files' manifest
        bytes32 metadata; // SHA-256 of the metadata: one raw IPFS block
        uint64 deadline;
    }

    struct ContentVoucher {
        uint256 workId;
        uint64 revision; // grows with each
        bytes32 contentHash;
        bytes32 metadata;
        uint64 deadline;
    }

    bytes32 private constant WORK_TYPE = keccak256(
        "WorkVoucher(uint256 workId,address creator,uint96 royaltyBps,bytes32 contentHash,bytes32 metadata,uint64 deadline)"
    );
    bytes32 private constant CONTENT_TYPE =
        keccak256("ContentVoucher(uint256 workId,uint64 revision,bytes32 contentHash,bytes32 metadata,uint64 deadline)");

    uint96 public constant MAX_ROYALTY_BPS = 2500;

    mapping(uint256 workId => bytes32) public contentHash;
    mapping(uint256 workId => bytes32) private _metadata;
    mapping(uint256 workId => uint64) public revision;

    event WorkMinted(uint256 indexed workId, address indexed creator, bytes32 contentHash, bytes32 metadata);
    event ContentChanged(uint256 indexed workId, uint64 revision, bytes32 contentHash, bytes32 metadata);

    error RoyaltyTooHigh(uint96 royaltyBps);
    error RevisionNotNewer(uint64 revision);

    constructor(address owner_, address registrar_)
        ERC721("Souk Works", "WORK")
        Registered("Souk Works", owner_, registrar_)
    {}

    /// @notice Mints a work by its voucher. Anybody may call it.
    function redeem(WorkVoucher calldata voucher, bytes calldata signature) external {
        bytes32 structHash = keccak256(
            abi.encode(
                WORK_TYPE,
                voucher.workId,
                voucher.creator,
                voucher.royaltyBps,
                voucher.contentHash,
                voucher.metadata,
                voucher.deadline
            )
        );
        _checkSigned(registrar, structHash, signature, voucher.deadline);
        if (voucher.royaltyBps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(voucher.royaltyBps);
        _mint(voucher.creator, voucher.workId);
        contentHash[voucher.workId] = voucher.contentHash;
        _metadata[voucher.workId] = voucher.metadata;
        if (voucher.royaltyBps != 0) _setTokenRoyalty(voucher.workId, voucher.creator, voucher.royaltyBps);
        emit WorkMinted(voucher.workId, voucher.creator, voucher.contentHash, voucher.metadata);
    }

    /// @notice Names a work's newest content by a voucher. Anybody may call it.
    function revise(ContentVoucher calldata voucher, bytes calldata signature) external {
        bytes32 structHash = keccak256(
            abi.encode(
                CONTENT_TYPE,
                voucher.workId,
                voucher.revision,
                voucher.contentHash,
                voucher.metadata,
                voucher.deadline
            )
        );
        _checkSigned(registrar, structHash, signature, voucher.deadline);
        _requireOwned(voucher.workId);
        if (voucher.revision <= revision[voucher.workId]) revert RevisionNotNewer(voucher.revision);
        revision[voucher.workId] = voucher.revision;
        contentHash[voucher.workId] = voucher.contentHash;
        _metadata[voucher.workId] = voucher.metadata;
        emit ContentChanged(voucher.workId, voucher.revision, voucher.contentHash, voucher.metadata);
        emit MetadataUpdate(voucher.workId);
    }

    /// @notice Whether the work has its token already.
    function exists(uint256 workId) external view returns (bool) {
        return _ownerOf(workId) != address(0);
    }

    /// @notice An `ipfs://` address: the CIDv1 of the metadata in base 16 (raw block, SHA-256).
    function tokenURI(uint256 workId) public view override returns (string memory) {
        _requireOwned(workId);
        bytes memory digits = bytes(Strings.toHexString(uint256(_metadata[workId]), 32));
        digits[0] = "2"; // "0x" gives way to the end of the CID's header: f 01 55 12 20
        digits[1] = "0";
        return string.concat("ipfs://f015512", string(digits));
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, ERC2981, IERC165) returns (bool) {
        return interfaceId == bytes4(0x49064906) || super.supportsInterface(interfaceId);
    }
}
