// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC4907} from "./interfaces/IERC4907.sol";
import {Registered} from "./Registered.sol";

/// @title Licences: one token each (ERC-721), with its own term, uses and borrower (ERC-4907).
/// @notice A licence changes hands only through the market, which pays the creator's royalty. What an owner
/// of this contract can do: name the market once, and the registrar. It can touch no licence.
contract Licences is ERC721, IERC4906, IERC4907, Registered {
    uint8 public constant PERPETUAL = 1;
    uint8 public constant TIMED = 2;
    uint8 public constant COUNTED = 3;

    struct Licence {
        uint256 workId;
        uint8 kind;
        bool transferable;
        bool revoked;
        uint64 expires; // seconds since 1970; 0: never
        uint64 uses; // of a counted licence
        uint64 used;
    }

    struct Borrower {
        address user;
        uint64 expires;
    }

    /// @notice For a licence that was sold elsewhere: its buyer may have it as a token.
    struct LicenceVoucher {
        uint256 licenceId; // keccak256 of the licence's id
        uint256 workId;
        address holder;
        uint8 kind;
        bool transferable;
        uint64 expires;
        uint64 uses;
        uint64 used;
        uint64 deadline;
    }

    bytes32 private constant LICENCE_TYPE = keccak256(
        "LicenceVoucher(uint256 licenceId,uint256 workId,address holder,uint8 kind,bool transferable,uint64 expires,uint64 uses,uint64 used,uint64 deadline)"
    );
    bytes32 private constant USE_TYPE = keccak256("UseReceipt(uint256 licenceId,uint64 used,uint64 deadline)");

    address public market;
    mapping(uint256 licenceId => Licence) private _licences;
    mapping(uint256 licenceId => Borrower) private _borrowers;

    event MarketNamed(address indexed market);
    event LicenceIssued(uint256 indexed licenceId, uint256 indexed workId, address indexed holder, uint8 kind);
    event LicenceUsed(uint256 indexed licenceId, uint64 used, uint64 uses);
    event LicenceRevoked(uint256 indexed licenceId);

    error MarketOnly();
    error MarketNamedAlready();
    error KindUnknown(uint8 kind);
    error TermsContradict();
    error IssuedAlready(uint256 licenceId);
    error NotTransferable(uint256 licenceId);
    error NotYours(uint256 licenceId);
    error UsesOutOfRange(uint64 used);

    modifier onlyMarket() {
        if (msg.sender != market) revert MarketOnly();
        _;
    }

    constructor(address owner_, address registrar_)
        ERC721("Souk Licences", "LICENCE")
        Registered("Souk Licences", owner_, registrar_)
    {}

    /// @notice Names the market, for good.
    function nameMarket(address market_) external onlyOwner {
        if (market_ == address(0)) revert AddressMissing();
        if (market != address(0)) revert MarketNamedAlready();
        market = market_;
        emit MarketNamed(market_);
    }

    /// @notice Issues what the market sold.
    function issue(
        uint256 licenceId,
        uint256 workId,
        address holder,
        uint8 kind,
        bool transferable,
        uint64 expires,
        uint64 uses
    ) external onlyMarket {
        _issue(licenceId, Licence(workId, kind, transferable, false, expires, uses, 0), holder);
    }

    /// @notice Turns a licence that was sold elsewhere into a token, by the registrar's voucher.
    function redeem(LicenceVoucher calldata voucher, bytes calldata signature) external {
        bytes32 structHash = keccak256(
            abi.encode(
                LICENCE_TYPE,
                voucher.licenceId,
                voucher.workId,
                voucher.holder,
                voucher.kind,
                voucher.transferable,
                voucher.expires,
                voucher.uses,
                voucher.used,
                voucher.deadline
            )
        );
        _checkSigned(registrar, structHash, signature, voucher.deadline);
        Licence memory licence = Licence(
            voucher.workId, voucher.kind, voucher.transferable, false, voucher.expires, voucher.uses, voucher.used
        );
        _issue(voucher.licenceId, licence, voucher.holder);
    }

    /// @notice Takes a refunded licence back, for good.
    function revoke(uint256 licenceId) external onlyMarket {
        _burn(licenceId);
        _licences[licenceId].revoked = true;
        emit LicenceRevoked(licenceId);
    }

    /// @notice Counts uses that the holder or borrower has signed for: `used` is the sum since the beginning.
    function recordUse(uint256 licenceId, uint64 used, uint64 deadline, address signer, bytes calldata signature)
        external
    {
        if (signer != ownerOf(licenceId) && signer != userOf(licenceId)) revert NotYours(licenceId);
        _checkSigned(signer, keccak256(abi.encode(USE_TYPE, licenceId, used, deadline)), signature, deadline);
        Licence storage licence = _licences[licenceId];
        if (used <= licence.used || used > licence.uses) revert UsesOutOfRange(used);
        licence.used = used;
        emit LicenceUsed(licenceId, used, licence.uses);
        emit MetadataUpdate(licenceId);
    }

    /// @inheritdoc IERC4907
    /// @dev Only a transferable licence can be lent, and not beyond its own end.
    function setUser(uint256 licenceId, address user, uint64 expires) external {
        if (msg.sender != ownerOf(licenceId)) revert NotYours(licenceId);
        Licence storage licence = _licences[licenceId];
        if (!licence.transferable) revert NotTransferable(licenceId);
        uint64 until = licence.expires != 0 && expires > licence.expires ? licence.expires : expires;
        _borrowers[licenceId] = Borrower(user, until);
        emit UpdateUser(licenceId, user, until);
    }

    /// @inheritdoc IERC4907
    function userOf(uint256 licenceId) public view returns (address) {
        Borrower storage borrower = _borrowers[licenceId];
        return block.timestamp < borrower.expires ? borrower.user : address(0);
    }

    /// @inheritdoc IERC4907
    function userExpires(uint256 licenceId) external view returns (uint256) {
        return _borrowers[licenceId].expires;
    }

    /// @notice The terms of a licence; those of a revoked one stay readable.
    function licenceOf(uint256 licenceId) external view returns (Licence memory) {
        return _licences[licenceId];
    }

    /// @notice Whether it can be used now.
    function isValid(uint256 licenceId) public view returns (bool) {
        Licence storage licence = _licences[licenceId];
        return licence.kind != 0 && !licence.revoked && (licence.expires == 0 || block.timestamp < licence.expires)
            && (licence.kind != COUNTED || licence.used < licence.uses);
    }

    /// @notice Whether this account may use it now: the borrower while it is lent, else the holder.
    function mayUse(uint256 licenceId, address account) external view returns (bool) {
        address user = userOf(licenceId);
        return isValid(licenceId) && account == (user == address(0) ? _ownerOf(licenceId) : user);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == bytes4(0x49064906) || interfaceId == type(IERC4907).interfaceId
            || super.supportsInterface(interfaceId);
    }

    function _issue(uint256 licenceId, Licence memory licence, address holder) private {
        if (_licences[licenceId].kind != 0) revert IssuedAlready(licenceId);
        if (licence.kind < PERPETUAL || licence.kind > COUNTED) revert KindUnknown(licence.kind);
        bool timed = licence.kind == TIMED;
        bool counted = licence.kind == COUNTED;
        if ((timed && licence.expires == 0) || counted != (licence.uses != 0) || licence.used > licence.uses) {
            revert TermsContradict();
        }
        _licences[licenceId] = licence;
        _mint(holder, licenceId);
        emit LicenceIssued(licenceId, licence.workId, holder, licence.kind);
    }

    /// @dev Between two holders only the market moves a licence, and only one that may be resold.
    function _update(address to, uint256 licenceId, address auth) internal override returns (address from) {
        from = super._update(to, licenceId, auth);
        if (from == address(0)) return from;
        if (to != address(0)) {
            if (msg.sender != market) revert MarketOnly();
            if (!_licences[licenceId].transferable) revert NotTransferable(licenceId);
        }
        if (_borrowers[licenceId].user != address(0)) {
            delete _borrowers[licenceId];
            emit UpdateUser(licenceId, address(0), 0);
        }
    }
}
